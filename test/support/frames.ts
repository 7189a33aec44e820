/** Frames as a client sends them, and frames of a server read back; written for tests, apart from the code under test. */
export interface FrameParts {
  opcode: number;
  payload?: Uint8Array | string;
  fin?: boolean;
  rsv?: number;
  /** Four bytes, or null for an unmasked frame. */
  mask?: Uint8Array | null;
  /** The size of the extended length; the shortest by default. */
  lengthBytes?: 0 | 2 | 8;
  /** The length in the header, where it is not the payload's. */
  declared?: bigint;
}

export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

const MASK = Buffer.from([0x37, 0xfa, 0x21, 0x3d]);

export function clientFrame(parts: FrameParts): Buffer {
  const { opcode, fin = true, rsv = 0, mask = MASK } = parts;
  const payload = Buffer.from(parts.payload ?? '');
  const declared = parts.declared ?? BigInt(payload.length);
  const lengthBytes = parts.lengthBytes ?? (declared < 126n ? 0 : declared < 65536n ? 2 : 8);
  const header = Buffer.alloc(2 + lengthBytes);
  header[0] = (fin ? 0x80 : 0) | (rsv << 4) | opcode;
  header[1] = lengthBytes === 0 ? Number(declared) : lengthBytes === 2 ? 126 : 127;
  if (lengthBytes === 2) header.writeUInt16BE(Number(declared), 2);
  if (lengthBytes === 8) header.writeBigUInt64BE(declared, 2);
  if (mask === null) return Buffer.concat([header, payload]);
  header[1] |= 0x80;
  const masked = Buffer.from(payload);
  for (let i = 0; i < masked.length; i++) masked[i]! ^= mask[i % 4]!;
  return Buffer.concat([header, mask, masked]);
}

export const text = (payload: string | Uint8Array, more: Partial<FrameParts> = {}): Buffer =>
  clientFrame({ opcode: TEXT, payload, ...more });
export const binary = (payload: Uint8Array, more: Partial<FrameParts> = {}): Buffer =>
  clientFrame({ opcode: BINARY, payload, ...more });
export const continuation = (payload: string | Uint8Array, more: Partial<FrameParts> = {}): Buffer =>
  clientFrame({ opcode: 0, payload, ...more });
export const ping = (payload: string | Uint8Array = ''): Buffer => clientFrame({ opcode: PING, payload });
export const pong = (payload: string | Uint8Array = ''): Buffer => clientFrame({ opcode: PONG, payload });

export function close(code?: number, reason = ''): Buffer {
  if (code === undefined) return clientFrame({ opcode: CLOSE });
  const payload = Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);
  return clientFrame({ opcode: CLOSE, payload });
}

export interface ServerFrame {
  fin: boolean;
  rsv: number;
  opcode: number;
  masked: boolean;
  payload: Buffer;
}

/** The first whole frame in `bytes`, and its size; undefined where none is whole. */
export function readServerFrame(bytes: Buffer): { frame: ServerFrame; size: number } | undefined {
  if (bytes.length < 2) return undefined;
  let size = 2;
  let length = bytes[1]! & 0x7f;
  if (length === 126) {
    if (bytes.length < 4) return undefined;
    length = bytes.readUInt16BE(2);
    size = 4;
  } else if (length === 127) {
    if (bytes.length < 10) return undefined;
    length = Number(bytes.readBigUInt64BE(2));
    size = 10;
  }
  if (bytes.length < size + length) return undefined;
  const first = bytes[0]!;
  return {
    frame: {
      fin: (first & 0x80) !== 0,
      rsv: (first >> 4) & 7,
      opcode: first & 0xf,
      masked: (bytes[1]! & 0x80) !== 0,
      payload: Buffer.from(bytes.subarray(size, size + length)),
    },
    size: size + length,
  };
}
