/** Bytes of the longest header that a server writes. */
export const MAX_SERVER_HEADER = 10;

/** Bytes of a server's frame header for a payload of this length (RFC 6455 5.2; servers do not mask, 5.1). */
export function serverHeaderSize(length: number): number {
  return length < 126 ? 2 : length < 0x10000 ? 4 : 10;
}

/** Writes a header at `at`; `first` is the first byte (FIN, RSV and opcode). Returns where the payload goes. */
export function writeHeader(target: Buffer, at: number, first: number, length: number): number {
  target[at] = first;
  if (length < 126) {
    target[at + 1] = length;
    return at + 2;
  }
  if (length < 0x10000) {
    target[at + 1] = 126;
    target[at + 2] = length >>> 8;
    target[at + 3] = length;
    return at + 4;
  }
  target[at + 1] = 127;
  target.writeUInt32BE(Math.floor(length / 0x1_0000_0000), at + 2);
  target.writeUInt32BE(length >>> 0, at + 6);
  return at + 10;
}

/** The header of a frame whose payload is written from where it lies. */
export function frameHeader(first: number, length: number): Buffer {
  const header = Buffer.allocUnsafe(serverHeaderSize(length));
  writeHeader(header, 0, first, length);
  return header;
}

/**
 * Writes a whole frame of bytes, and returns its end. There must be room for `serverHeaderSize(payload.length)` more
 * bytes than the payload has.
 */
export function writeFrame(target: Buffer, at: number, first: number, payload: Uint8Array): number {
  const start = writeHeader(target, at, first, payload.length);
  target.set(payload, start);
  return start + payload.length;
}

/** Room that `writeTextFrame` needs for a string at most: three bytes of UTF-8 for each UTF-16 unit, and a header. */
export function textFrameRoom(text: string): number {
  return MAX_SERVER_HEADER + text.length * 3;
}

/**
 * Writes a whole frame of text, and returns its end. The payload is encoded in place, behind a header of the likely
 * size; the payload is moved in the rare case that the guess was wrong. There must be room for `textFrameRoom(text)`.
 */
export function writeTextFrame(target: Buffer, at: number, first: number, text: string): number {
  const guess = serverHeaderSize(text.length);
  const length = target.write(text, at + guess, 'utf8');
  const size = serverHeaderSize(length);
  if (size !== guess) target.copyWithin(at + size, at + guess, at + guess + length);
  writeHeader(target, at, first, length);
  return at + size + length;
}

/** A frame in a buffer of its own; `first` is its first byte (FIN, RSV and opcode). */
export function frame(first: number, payload: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(serverHeaderSize(payload.length) + payload.length);
  writeFrame(bytes, 0, first, payload);
  return bytes;
}
