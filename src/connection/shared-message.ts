import { FIN, frame, Opcode, RSV1, type PerMessageDeflate } from '../protocol';
import { requireBytes } from './bytes';

/**
 * A message for many connections. It is encoded once, and compressed once for each window size that its connections
 * use.
 */
export class SharedMessage {
  private readonly opcode: number;
  readonly payload: Uint8Array;
  private plain: Buffer | undefined;
  private readonly compressed = new Map<number, Buffer>();

  /**
   * `isText`: the bytes are text in UTF-8.
   * @throws TypeError for a message that is neither a string nor bytes
   */
  constructor(message: unknown, isText = false) {
    if (typeof message === 'string') {
      this.opcode = Opcode.Text;
      this.payload = Buffer.from(message);
    } else if (isText) {
      this.opcode = Opcode.Text;
      this.payload = message as Uint8Array;
    } else {
      this.opcode = Opcode.Binary;
      this.payload = requireBytes(message);
    }
  }

  get isText(): boolean {
    return this.opcode === Opcode.Text;
  }

  get length(): number {
    return this.payload.length;
  }

  /** The uncompressed frame. */
  plainFrame(): Buffer {
    return (this.plain ??= frame(FIN | this.opcode, this.payload));
  }

  compressedFrame(deflate: PerMessageDeflate): Buffer {
    const { serverNoContextTakeover, serverMaxWindowBits } = deflate.parameters;
    // a message that refers back to earlier ones is for one connection alone
    if (!serverNoContextTakeover) return frame(FIN | RSV1 | this.opcode, deflate.deflate(this.payload));
    let bytes = this.compressed.get(serverMaxWindowBits);
    if (bytes === undefined) {
      bytes = frame(FIN | RSV1 | this.opcode, deflate.deflate(this.payload));
      this.compressed.set(serverMaxWindowBits, bytes);
    }
    return bytes;
  }
}
