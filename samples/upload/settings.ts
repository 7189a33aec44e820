const GB = 1_000_000_000;

/** Largest file that is accepted: `UPLOAD_MAX_FILE_BYTES`, or 1 GB. */
export const MAX_FILE_BYTES = bytesFrom('UPLOAD_MAX_FILE_BYTES', GB);

/** The folder of files, and its capacity in bytes. One server at a time may use a folder. */
export class UploadFolder {
  constructor(
    readonly path: string,
    /** `UPLOAD_CAPACITY_BYTES`, or 10 GB. */
    readonly capacityBytes = bytesFrom('UPLOAD_CAPACITY_BYTES', 10 * GB),
  ) {}
}

function bytesFrom(variable: string, byDefault: number): number {
  const text = process.env[variable];
  if (text === undefined || text === '') return byDefault;
  const bytes = Number(text);
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new RangeError(`${variable} must be a number of bytes, not ${JSON.stringify(text)}`);
}
