/** What the server answers to a file, which is one binary message: JSON objects, one in each text message. */
export type ServerMessage = Progress | Done | UploadError;

/** Comes several times a second while the file arrives. */
export interface Progress {
  type: 'progress';
  /** Bytes that are here. */
  received: number;
}

/** The whole file is on the disk. */
export interface Done extends StoredFile {
  type: 'done';
}

/** The file was not kept; the connection is closed with 1013. */
export interface UploadError {
  type: 'error';
  code: 'full';
  /** For people. */
  message: string;
}

export interface StoredFile {
  /** As it is listed; another one than the client's if that was taken, or no name for a file. */
  name: string;
  size: number;
  /** In hexadecimal digits. */
  sha256: string;
}

/** What `GET /uploads/files` answers. */
export interface Listing {
  /** The newest first. */
  files: ListedFile[];
  /** Largest file that is taken. */
  maxBytes: number;
}

export interface ListedFile {
  name: string;
  size: number;
  /** ISO 8601. */
  time: string;
}
