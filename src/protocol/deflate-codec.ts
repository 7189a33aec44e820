import { constants } from 'node:zlib';
import { MAX_FINAL_BLOCKS, MAX_HISTORY, prime, TAIL } from './deflate-history';
import { GatheringInflateStream, KeptInflateStream, type InflateStream } from './inflate-stream';
import { KeptHandle, keptHandlesWork } from './kept-zlib';
import { Violations, type Violation } from './violations';
import { deflateWhole, inflateWhole, withoutTail, zlibWindowBits } from './whole-zlib';

/** DEFLATE for whole messages. It has no state, so one codec serves all connections of an engine. */
export interface DeflateCodec {
  /**
   * Inflates a message to which the four bytes of RFC 7692 7.2.2 were appended. `history`: the bytes that the sender
   * may refer back to, at most 32 KiB. The result may lie in memory that the next call overwrites.
   */
  inflate(message: Buffer, maxBytes: number, history: Buffer): Buffer | Violation;
  /**
   * Inflates a message that is read while it arrives. A codec that cannot do that gathers up to `maxBytes`, and
   * inflates at the end.
   */
  inflateStream(maxBytes: number, history: Buffer): InflateStream;
  /** Deflates a message, without the four bytes of RFC 7692 7.2.1. The result has memory of its own. */
  deflate(message: Uint8Array, windowBits: number, history: Buffer): Buffer;
}

const FIRST_OUTPUT = 64 * 1024;
const { Z_SYNC_FLUSH } = constants;

/** Makes the fast codec where this Node allows it, else the portable one. */
export function createDeflateCodec(): DeflateCodec {
  return keptHandlesWork() ? new KeptCodec() : new PortableCodec();
}

/**
 * Keeps one inflating and a few deflating zlib contexts, and resets them for each message. That takes 7 µs instead of
 * 19 for 1 KiB of JSON.
 */
export class KeptCodec implements DeflateCodec {
  private readonly inflating = KeptHandle.inflate();
  private readonly deflating = new Map<number, KeptHandle>();
  private output: Buffer = Buffer.allocUnsafeSlow(FIRST_OUTPUT);

  inflate(message: Buffer, maxBytes: number, history: Buffer): Buffer | Violation {
    const zlib = this.inflating;
    let output = this.output;
    const start = prime(zlib, history, output);
    let produced = start;
    const most = start + maxBytes;
    let at = 0;
    for (let finals = 0; ;) {
      if (!zlib.run(Z_SYNC_FLUSH, message, at, message.length, output, produced)) return Violations.InvalidDeflate;
      produced = output.length - zlib.outputLeft;
      if (produced > most) return Violations.MessageTooBig;
      const consumed = message.length - zlib.inputLeft;
      if (zlib.outputLeft === 0) {
        output = enlarge(output, produced, most);
      } else if (zlib.inputLeft === 0 || zlib.inputLeft === TAIL.length) {
        // all input is read, or all but the appended tail of a message that ended with a final block
        break;
      } else {
        if (++finals > MAX_FINAL_BLOCKS) return Violations.InvalidDeflate;
        const recent = output.subarray(Math.max(0, produced - MAX_HISTORY), produced);
        prime(zlib, Buffer.from(recent), output.subarray(produced));
      }
      at = consumed;
    }
    return output.subarray(start, produced);
  }

  inflateStream(_maxBytes: number, history: Buffer): InflateStream {
    return new KeptInflateStream(history);
  }

  deflate(message: Uint8Array, windowBits: number, history: Buffer): Buffer {
    if (history.length > 0) return deflateWhole(message, windowBits, history);
    let zlib = this.deflating.get(windowBits);
    if (zlib === undefined) this.deflating.set(windowBits, (zlib = KeptHandle.deflate(zlibWindowBits(windowBits))));
    zlib.reset();
    let { output } = this;
    let at = 0;
    let produced = 0;
    for (;;) {
      zlib.run(Z_SYNC_FLUSH, message, at, message.length, output, produced);
      produced = output.length - zlib.outputLeft;
      if (zlib.outputLeft > 0) break;
      at = message.length - zlib.inputLeft;
      output = enlarge(output, produced, Infinity);
    }
    return withoutTail(Buffer.from(output.subarray(0, produced)));
  }
}

/** Uses documented calls of `node:zlib` only. */
export class PortableCodec implements DeflateCodec {
  inflate(message: Buffer, maxBytes: number, history: Buffer): Buffer | Violation {
    return inflateWhole(message, maxBytes, history);
  }

  inflateStream(maxBytes: number, history: Buffer): InflateStream {
    return new GatheringInflateStream((message) => this.inflate(message, maxBytes, history), maxBytes);
  }

  deflate(message: Uint8Array, windowBits: number, history: Buffer): Buffer {
    return deflateWhole(message, windowBits, history);
  }
}

/**
 * Enlarges an output buffer. The last step is one byte beyond `most`, and comes early, so that both buffers together
 * stay below twice that.
 */
function enlarge(output: Buffer, used: number, most: number): Buffer {
  const doubled = output.length * 2;
  const larger = Buffer.allocUnsafeSlow(doubled < most ? doubled : most + 1);
  output.copy(larger, 0, 0, used);
  return larger;
}
