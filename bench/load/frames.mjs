const FIN = 0x80;
const MASK_KEY = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

export const OPCODES = { text: 1, binary: 2, close: 8 };

/** A frame as a client sends it, masked. */
export function clientFrame(kind, payload) {
  const masked = Buffer.from(payload);
  for (let i = 0; i < masked.length; i++) masked[i] ^= MASK_KEY[i & 3];
  return Buffer.concat([header(kind, payload.length, 0x80), MASK_KEY, masked]);
}

/** A frame as a server sends it. */
export function serverFrame(kind, payload) {
  return Buffer.concat([header(kind, payload.length, 0), payload]);
}

/** The same payload each time: printable ASCII for text, all byte values for binary. */
export function makePayload(kind, length) {
  const payload = Buffer.alloc(length);
  for (let i = 0; i < length; i++) payload[i] = kind === 'text' ? 0x20 + ((i * 7) % 95) : (i * 31) & 0xff;
  return payload;
}

export function repeat(frame, times) {
  return Buffer.concat(Array.from({ length: times }, () => frame));
}

function header(kind, length, maskBit) {
  const first = FIN | OPCODES[kind];
  if (length < 126) return Buffer.from([first, maskBit | length]);
  if (length < 0x10000) return Buffer.from([first, maskBit | 126, length >>> 8, length & 0xff]);
  const long = Buffer.alloc(10);
  long[0] = first;
  long[1] = maskBit | 127;
  long.writeBigUInt64BE(BigInt(length), 2);
  return long;
}
