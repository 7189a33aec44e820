import { hashOfBytes, MessageWeight } from './message-weight';
import { isUtf8 } from './runtime';

/** The number of bytes of length or value that follow each first byte from 0xc0 to 0xdf (MessagePack specification). */
const FOLLOWING = [0, -1, 0, 0, 1, 2, 4, 1, 2, 4, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17, 1, 2, 4, 2, 4, 2, 4];

/** The length in bytes from which `isUtf8` takes less time than a look at each byte of ASCII. */
const NATIVE_FROM = 64;

/**
 * True for one whole MessagePack value, with all the elements that its arrays and maps declare. The decoder makes room for declared elements
 * before it reads one, so five bytes could ask it for gigabytes. With `checksText` its strings must be UTF-8 too: the decoder would make
 * other text of them.
 * @throws RangeError for a value that would take the decoder too long
 */
export function isWholeMessagePack(bytes: Uint8Array, checksText = false): boolean {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const weight = MessageWeight.of(bytes.length);
  /** The collections around the one that is read: twice the values that are due in each, and one more for a map. */
  const around: number[] = [];
  /** Values that are still to come: in all, and in the collection that is read. */
  let due = 1;
  let dueHere = 1;
  let isMap = false;
  let at = 0;
  while (due > 0) {
    // each of them takes a byte at least
    if (due > bytes.length - at) return false;
    const start = at;
    const first = bytes[at++]!;
    due--;
    let elements = -1;
    if (first >= 0x80 && first < 0xa0) {
      elements = (first & 0x0f) * (first < 0x90 ? 2 : 1);
    } else if (first >= 0xa0 && first < 0xc0) {
      at += first & 0x1f;
      if (checksText && !isText(bytes, start + 1, at)) return false;
    } else if (first >= 0xc0 && first < 0xe0) {
      const following = FOLLOWING[first - 0xc0]!;
      if (following < 0 || at + following > bytes.length) return false;
      if (first >= 0xdc) elements = readLength(view, at, following) * (first >= 0xde ? 2 : 1);
      else if (first >= 0xd9) {
        const length = readLength(view, at, following);
        if (checksText && !isText(bytes, at + following, at + following + length)) return false;
        at += length;
      } else if (first >= 0xc4 && first <= 0xc6) at += readLength(view, at, following);
      else if (first >= 0xc7 && first <= 0xc9) at += 1 + readLength(view, at, following);
      at += following;
    }
    if (elements > 0) due += elements;
    if (weight === undefined) continue;
    while (dueHere === 0) {
      const outer = around.pop()!;
      weight.leave();
      isMap = outer % 2 === 1;
      dueHere = Math.floor(outer / 2);
    }
    if (isMap && dueHere % 2 === 0) weight.addName(hashOfBytes(bytes, start, Math.min(at, bytes.length)));
    dueHere--;
    if (elements < 0) continue;
    weight.enter();
    around.push(dueHere * 2 + (isMap ? 1 : 0));
    dueHere = elements;
    isMap = first < 0x90 || first >= 0xde;
  }
  return at === bytes.length;
}

/** Bytes beyond the end are judged elsewhere. */
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
