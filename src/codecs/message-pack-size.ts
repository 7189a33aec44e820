/** For each first byte from 0xc0 to 0xdf: how many bytes of length or value follow it (MessagePack specification). */
const FOLLOWING = [0, -1, 0, 0, 1, 2, 4, 1, 2, 4, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, 1, 2, 4, 2, 4, 2, 4];

/**
 * Whether the bytes are one whole MessagePack value, of so many arrays and maps at most, with all the elements that its arrays and maps declare. The decoder
 * makes room for declared elements before it has read one, so five bytes could ask it for gigabytes.
 */
export function isWholeMessagePack(bytes: Uint8Array, maxCollections = Infinity): boolean {
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
      at += first & 0x1f;
    } else {
      const following = FOLLOWING[first - 0xc0]!;
      if (following < 0 || at + following > bytes.length) return false;
      if (first >= 0xdc) {
        due += readLength(view, at, following) * (first >= 0xde ? 2 : 1);
        if (++collections > maxCollections) return false;
      } else if (first >= 0xd9) {
        at += readLength(view, at, following);
      } else if (first >= 0xc4 && first <= 0xc6) at += readLength(view, at, following);
      else if (first >= 0xc7 && first <= 0xc9) at += 1 + readLength(view, at, following);
      at += following;
    }
  }
  return at === bytes.length;
}

function readLength(view: DataView, at: number, size: number): number {
  return size === 1 ? view.getUint8(at) : size === 2 ? view.getUint16(at) : view.getUint32(at);
}
