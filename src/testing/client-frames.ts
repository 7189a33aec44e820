import { FIN, MASKED, Opcode } from '../protocol';

const NO_BYTES = Buffer.alloc(0);

/** A frame as a client writes it: masked (RFC 6455 5.3). */
export function clientFrame(opcode: number, payload: Uint8Array, key: Uint8Array): Buffer {
  const { length } = payload;
  const header = length < 126 ? 2 : length < 0x10000 ? 4 : 10;
  const frame = Buffer.alloc(header + 4 + length);
  frame[0] = FIN | opcode;
  frame[1] = MASKED | (length < 126 ? length : length < 0x10000 ? 126 : 127);
  if (header === 4) frame.writeUInt16BE(length, 2);
  if (header === 10) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.set(key, header);
  for (let i = 0; i < length; i++) frame[header + 4 + i] = payload[i]! ^ key[i & 3]!;
  return frame;
}

export type ServerFrame = (opcode: number, payload: Buffer) => void;

/** Reads frames of our own server without checks. Reports whole messages and control frames. */
export class ServerFrames {
  private bytes = NO_BYTES;
  private opcode = 0;
  private fragments: Buffer[] = [];

  constructor(private readonly report: ServerFrame) {}

  push(chunk: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    while (this.readFrame()) continue;
  }

  private readFrame(): boolean {
    const { bytes } = this;
    if (bytes.length < 2) return false;
    const short = bytes[1]! & 0x7f;
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < header) return false;
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < header + length) return false;
    this.bytes = bytes.subarray(header + length);
    this.take(bytes[0]!, Buffer.from(bytes.subarray(header, header + length)));
    return true;
  }

  private take(first: number, payload: Buffer): void {
    const opcode = first & 0x0f;
    if (opcode >= Opcode.Close) {
      this.report(opcode, payload);
      return;
    }
    if (opcode !== Opcode.Continuation) this.opcode = opcode;
    this.fragments.push(payload);
    if ((first & FIN) === 0) return;
    const message = Buffer.concat(this.fragments);
    this.fragments = [];
    this.report(this.opcode, message);
  }
}
