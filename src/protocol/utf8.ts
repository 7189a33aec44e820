import { isUtf8 } from 'node:buffer';

/** From this many bytes on a call into C++ is faster than the loop here. */
const NATIVE_FROM = 48;

/**
 * Validates UTF-8 as it arrives (RFC 3629, RFC 6455 8.1). A chunk with a byte that cannot belong to valid text is
 * refused at once; a character that is merely cut off waits for its rest.
 */
export class Utf8Validator {
  /** Continuation bytes that the current character still needs. */
  private missing = 0;
  /** Bounds of the next continuation byte: narrower than 80–BF after E0, ED, F0 and F4 (RFC 3629 section 4). */
  private lower = 0x80;
  private upper = 0xbf;

  /** False in the middle of a character. */
  get complete(): boolean {
    return this.missing === 0;
  }

  reset(): void {
    this.missing = 0;
    this.lower = 0x80;
    this.upper = 0xbf;
  }

  /** Takes the next bytes; false when they prove the text invalid. */
  push(bytes: Uint8Array, start: number, end: number): boolean {
    let at = start;
    while (this.missing > 0 && at < end) {
      if (!this.continueWith(bytes[at++]!)) return false;
    }
    if (end - at >= NATIVE_FROM) {
      const whole = end - cutOff(bytes, end);
      if (!isUtf8(bytes.subarray(at, whole))) return false;
      at = whole;
    }
    while (at < end) {
      const byte = bytes[at++]!;
      if (this.missing > 0) {
        if (!this.continueWith(byte)) return false;
      } else if (byte >= 0x80 && !this.beginWith(byte)) return false;
    }
    return true;
  }

  private continueWith(byte: number): boolean {
    if (byte < this.lower || byte > this.upper) return false;
    this.lower = 0x80;
    this.upper = 0xbf;
    this.missing--;
    return true;
  }

  private beginWith(lead: number): boolean {
    if (lead < 0xc2 || lead > 0xf4) return false;
    this.missing = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    if (lead === 0xe0) this.lower = 0xa0;
    else if (lead === 0xed) this.upper = 0x9f;
    else if (lead === 0xf0) this.lower = 0x90;
    else if (lead === 0xf4) this.upper = 0x8f;
    return true;
  }
}

/** Number of bytes at the end that belong to a character that goes on after `end`. */
function cutOff(bytes: Uint8Array, end: number): number {
  for (let back = 1; back <= 3; back++) {
    const byte = bytes[end - back]!;
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) {
      const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
      return length > back ? back : 0;
    }
  }
  return 0;
}
