import { hashOfBytes } from './message-weight';
import { textIn } from './runtime';

const SLOTS = 2048;
const MAX_LENGTH = 32;

/** Decoded names of properties, each in the slot of its hash. The decoder's own cache holds 16 names of each length. */
export class KeyCache {
  private readonly slots: string[] = Array<string>(SLOTS).fill('');

  canBeCached(byteLength: number): boolean {
    return byteLength > 0 && byteLength <= MAX_LENGTH;
  }

  decode(bytes: Uint8Array, start: number, byteLength: number): string {
    const slot = hashOfBytes(bytes, start, start + byteLength) & (SLOTS - 1);
    const known = this.slots[slot]!;
    if (isWritten(known, bytes, start, byteLength)) return known;
    const name = textIn(bytes, start, start + byteLength);
    this.slots[slot] = name;
    return name;
  }
}

/** True where these bytes are `text` in ASCII. */
function isWritten(text: string, bytes: Uint8Array, start: number, byteLength: number): boolean {
  if (text.length !== byteLength) return false;
  for (let at = 0; at < byteLength; at++) {
    const byte = bytes[start + at]!;
    if (byte > 0x7f || byte !== text.charCodeAt(at)) return false;
  }
  return true;
}
