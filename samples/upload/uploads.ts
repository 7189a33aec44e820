import { createHash, randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { link, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { listFiles } from './file-list';
import { numberedFileName, safeFileName } from './file-names';
import type { StoredFile } from './messages';
import type { UploadFolder } from './settings';

/** There is no room for a file: the folder is at its capacity, or the disk is full. */
export class FullError extends Error {
  override readonly name = 'FullError';
}

/** Files that have not wholly arrived are kept apart, under names of their own. */
const UNFINISHED = '.unfinished';

/** A file on its way in. */
class Arrival {
  readonly hash = createHash('sha256');
  size = 0;

  constructor(
    readonly path: string,
    readonly onProgress: (received: number) => void,
  ) {}
}

/** Takes files into a folder. What is listed there is complete. */
export class Uploads {
  private finishedBytes = 0;
  private unfinishedBytes = 0;

  /** Use `open`. */
  constructor(private readonly folder: UploadFolder) {}

  /** Makes the folder, and deletes unfinished files of a killed server. */
  static async open(folder: UploadFolder): Promise<Uploads> {
    const unfinished = join(folder.path, UNFINISHED);
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(unfinished, { recursive: true });
    return new Uploads(folder);
  }

  /**
   * Writes a file as it arrives; `onProgress` gets the bytes that have arrived. A partial file is deleted.
   * @throws FullError, or what reading the content throws
   */
  async store(
    name: string,
    content: AsyncIterable<Uint8Array>,
    onProgress: (received: number) => void,
  ): Promise<StoredFile> {
    await this.measure();
    const arrival = new Arrival(join(this.folder.path, UNFINISHED, randomUUID()), onProgress);
    try {
      await this.write(arrival, content);
      const storedName = await this.publish(arrival.path, safeFileName(name));
      await this.measure();
      return { name: storedName, size: arrival.size, sha256: arrival.hash.digest('hex') };
    } finally {
      this.unfinishedBytes -= arrival.size;
      await rm(arrival.path, { force: true });
    }
  }

  /** Resolves when all bytes are on the disk. Rejects after the file is closed, so that it can be deleted. */
  private async write(arrival: Arrival, content: AsyncIterable<Uint8Array>): Promise<void> {
    const file = createWriteStream(arrival.path, { flags: 'wx', flush: true });
    const closed = new Promise<void>((resolve) => file.once('close', resolve));
    try {
      await pipeline(this.admit(arrival, content), file);
    } catch (error) {
      throw codeOf(error) === 'ENOSPC' ? new FullError('the disk is full', { cause: error }) : error;
    } finally {
      await closed;
    }
  }

  private async *admit(arrival: Arrival, content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
    for await (const piece of content) {
      if (this.finishedBytes + this.unfinishedBytes + piece.length > this.folder.capacityBytes) {
        throw new FullError('the folder has its capacity');
      }
      this.unfinishedBytes += piece.length;
      arrival.size += piece.length;
      arrival.hash.update(piece);
      arrival.onProgress(arrival.size);
      yield piece;
    }
  }

  /** Gives a finished file its name, or a free name like it, never that of another file. */
  private async publish(path: string, name: string): Promise<string> {
    for (let number = 1; ; number++) {
      const candidate = number === 1 ? name : numberedFileName(name, number);
      try {
        await link(path, join(this.folder.path, candidate));
        return candidate;
      } catch (error) {
        if (codeOf(error) !== 'EEXIST') throw error;
      }
    }
  }

  /** An operator may have deleted files. */
  private async measure(): Promise<void> {
    const files = await listFiles(this.folder.path);
    this.finishedBytes = files.reduce((total, { size }) => total + size, 0);
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
