const FIN = 0x80;
const RSV1 = 0x40;
const MASK_BIT = 0x80;
const MASK_KEY = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

const OPCODES = { text: 1, binary: 2, close: 8, pong: 10 };

/** A frame as a client sends it, masked. */
export function clientFrame(type, payload, { compressed = false } = {}) {
  const masked = Buffer.from(payload);
  for (let i = 0; i < masked.length; i++) masked[i] ^= MASK_KEY[i & 3];
  return Buffer.concat([header(firstByte(type, compressed), payload.length, MASK_BIT), MASK_KEY, masked]);
}

/** A frame as a server sends it. */
export function serverFrame(type, payload) {
  return Buffer.concat([header(firstByte(type, false), payload.length, 0), payload]);
}

/** Of a message in one frame. */
export function firstByte(type, compressed) {
  return FIN | (compressed ? RSV1 : 0) | OPCODES[type];
}

function header(first, length, maskBit) {
  if (length < 126) return Buffer.from([first, maskBit | length]);
  if (length < 0x10000) return Buffer.from([first, maskBit | 126, length >>> 8, length & 0xff]);
  const long = Buffer.alloc(10);
  long[0] = first;
  long[1] = maskBit | 127;
  long.writeBigUInt64BE(BigInt(length), 2);
  return long;
}

/** Bytes of a server's frame header, of which two are there. */
export function headerLength(header) {
  return header[1] < 126 ? 2 : header[1] === 126 ? 4 : 10;
}

/** The length of the payload in a server's whole frame header. */
export function payloadLength(header) {
  if (header[1] < 126) return header[1];
  return header[1] === 126 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2));
}
