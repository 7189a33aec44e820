/** A string made of more bytes may get memory outside V8's heap from Node, which only a full collection frees. */
const OUTSIDE_FROM = 1_000_000;

let decodesOutside: boolean | undefined;

/** Decodes valid UTF-8 to a string in V8's heap. `isAscii`: all bytes are below 0x80. */
export function decodeText(bytes: Buffer, length: number, isAscii: boolean): string {
  if (length < OUTSIDE_FROM) return bytes.toString(isAscii ? 'latin1' : 'utf8', 0, length);
  decodesOutside ??= isOutside(() => bytes.toString('utf8', 0, length));
  return decodesOutside ? decodeInParts(bytes, length) : bytes.toString('utf8', 0, length);
}

/** True where `make` returns a string outside the heap, as UTF-8 is decoded from Node 24 on. */
function isOutside(make: () => string): boolean {
  const before = process.memoryUsage().external;
  const { length } = make();
  return process.memoryUsage().external - before >= length;
}

function decodeInParts(bytes: Buffer, length: number): string {
  let text = '';
  for (let at = 0; at < length;) {
    const end = startOfCharacter(bytes, Math.min(length, at + OUTSIDE_FROM), length);
    text += bytes.toString('utf8', at, end);
    at = end;
  }
  return text;
}

/** `at`, or the start of the character that it would cut. */
function startOfCharacter(bytes: Buffer, at: number, length: number): number {
  let start = at;
  while (start < length && (bytes[start]! & 0xc0) === 0x80) start--;
  return start;
}
