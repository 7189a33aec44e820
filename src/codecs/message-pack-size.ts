import { isUtf8 } from 'node:buffer';

/** For each first byte from 0xc0 to 0xdf: how many bytes of length or value follow it (MessagePack specification). */
const FOLLOWING = [0, -1, 0, 0, 1, 2, 4, 1, 2, 4, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, 1, 2, 4, 2, 4, 2, 4];

/** From this length on Node is asked whether a text is UTF-8: shorter ones of ASCII are looked through in less time. */
const NATIVE_FROM = 64;

/**
 * Whether the bytes are one whole MessagePack value, of so many arrays and maps at most, with all the elements that its arrays and maps declare. The decoder
 * makes room for declared elements before it has read one, so five bytes could ask it for gigabytes. `checksText`: and whether its strings are
 * UTF-8, of which the decoder makes other text where they are not.
 */
export function isWholeMessagePack(bytes: Uint8Array, maxCollections = Infinity, checksText = false): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let at = 0;
  /** Values that are still to come. */
  let due = 1;
  let collections = 0;
  while (due > 0) {
    // each of them takes a byte at least
    if (due > bytes.length - at) return false;
    const first = bytes[at++]!;
    due--;
    if (first < 0x80 || first >= 0xe0) continue;
    if (first < 0xa0) {
      due += (first & 0x0f) * (first < 0x90 ? 2 : 1);
      if (++collections > maxCollections) return false;
    } else if (first < 0xc0) {
      const start = at;
      at += first & 0x1f;
      if (checksText && !isText(bytes, start, at)) return false;
    } else {
      const following = FOLLOWING[first - 0xc0]!;
      if (following < 0 || at + following > bytes.length) return false;
      if (first >= 0xdc) {
        due += readLength(view, at, following) * (first >= 0xde ? 2 : 1);
        if (++collections > maxCollections) return false;
      } else if (first >= 0xd9) {
        const start = at + following;
        at += readLength(view, at, following);
        if (checksText && !isText(bytes, start, at + following)) return false;
      } else if (first >= 0xc4 && first <= 0xc6) at += readLength(view, at, following);
      else if (first >= 0xc7 && first <= 0xc9) at += 1 + readLength(view, at, following);
      at += following;
    }
  }
  return at === bytes.length;
}

/** What lies beyond the bytes is judged elsewhere. */
function isText(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start < NATIVE_FROM) {
    let at = start;
    while (at < end && bytes[at]! < 0x80) at++;
    if (at === end) return true;
  }
  return isUtf8(bytes.subarray(start, end));
}

function readLength(view: DataView, at: number, size: number): number {
  return size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at) : view.getUint32(at);
}
