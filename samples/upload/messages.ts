/** The answers of the server to a file (one binary message): one JSON object in each text message. */
export type ServerMessage = Progress | Done | UploadError;

/** Sent several times a second while the file arrives. */
export interface Progress {
  type: 'progress';
  /** Bytes that have arrived. */
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
  /** A text for people. */
  message: string;
}

export interface StoredFile {
  /** The name in the list, which differs from the client's if that was taken or invalid. */
  name: string;
  size: number;
  /** In hexadecimal digits. */
  sha256: string;
}

/** The answer of `GET /uploads/files`. */
export interface Listing {
  /** The newest first. */
  files: ListedFile[];
  /** Largest file that is accepted. */
  maxBytes: number;
}

export interface ListedFile {
  name: string;
  size: number;
  /** ISO 8601. */
  time: string;
}
