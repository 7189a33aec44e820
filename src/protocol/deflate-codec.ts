import { constants, deflateRawSync, inflateRawSync } from 'node:zlib';
import { latest, MAX_FINAL_BLOCKS, MAX_HISTORY, prime, storedBlock, TAIL } from './deflate-history';
import { GatheringInflateStream, KeptInflateStream, type InflateStream } from './inflate-stream';
import { KeptHandle, keptHandlesWork } from './kept-zlib';
import { Violations, type Violation } from './violations';

/** DEFLATE for whole messages; stateless, so that one serves all connections of an engine. */
export interface DeflateCodec {
  /**
   * Inflates a message to which the four bytes of RFC 7692 7.2.2 were appended. `history`: what the sender may refer back
   * to, at most 32 KiB. The result may lie in memory that the next call writes to.
   */
  inflate(message: Buffer, maxBytes: number, history: Buffer): Buffer | Violation;
  /** For a message that is read while it arrives. A codec that cannot do that gathers up to `maxBytes` and inflates then. */
  inflateStream(maxBytes: number, history: Buffer): InflateStream;
  /** Deflates a message and takes the four bytes of RFC 7692 7.2.1 off. The result lies in memory of its own. */
  deflate(message: Uint8Array, windowBits: number, history: Buffer): Buffer;
}

const FIRST_OUTPUT = 64 * 1024;
const { Z_SYNC_FLUSH } = constants;

/** The fast codec where this Node allows it, else the portable one. */
export function createDeflateCodec(): DeflateCodec {
  return keptHandlesWork() ? new KeptCodec() : new PortableCodec();
}

/** Keeps one inflating and a few deflating zlib contexts and resets them for each message: 7 µs instead of 19 for 1 KiB of JSON. */
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
        // all is read, or all but what we appended to a message that ended with a final block
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
    if (history.length > 0) return deflateAfter(message, windowBits, history);
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

/** With the documented calls of `node:zlib` only. */
export class PortableCodec implements DeflateCodec {
  inflate(message: Buffer, maxBytes: number, history: Buffer): Buffer | Violation {
    const chunks: Buffer[] = [];
    let recent = history;
    let total = 0;
    for (let at = 0, finals = 0; message.length - at > (at === 0 ? 0 : TAIL.length); finals++) {
      if (finals > MAX_FINAL_BLOCKS) return Violations.InvalidDeflate;
      const primed = Buffer.concat([storedBlock(recent), message.subarray(at)]);
      let inflated: { buffer: Buffer; engine: { bytesWritten: number } };
      try {
        const options = {
          finishFlush: Z_SYNC_FLUSH,
          info: true,
          maxOutputLength: recent.length + maxBytes - total + 1,
        };
        inflated = inflateRawSync(primed, options) as unknown as typeof inflated;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        return code === 'ERR_BUFFER_TOO_LARGE' ? Violations.MessageTooBig : Violations.InvalidDeflate;
      }
      const output = inflated.buffer.subarray(recent.length);
      total += output.length;
      if (total > maxBytes) return Violations.MessageTooBig;
      chunks.push(output);
      at += inflated.engine.bytesWritten - (primed.length - (message.length - at));
      recent = latest(recent, output, MAX_HISTORY);
    }
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }

  inflateStream(maxBytes: number, history: Buffer): InflateStream {
    return new GatheringInflateStream((message) => this.inflate(message, maxBytes, history), maxBytes);
  }

  deflate(message: Uint8Array, windowBits: number, history: Buffer): Buffer {
    return deflateAfter(message, windowBits, history);
  }
}

function deflateAfter(message: Uint8Array, windowBits: number, history: Buffer): Buffer {
  const options = { finishFlush: Z_SYNC_FLUSH, windowBits: zlibWindowBits(windowBits) };
  return withoutTail(deflateRawSync(message, history.length > 0 ? { ...options, dictionary: history } : options));
}

function withoutTail(deflated: Buffer): Buffer {
  // 7.2.3.6: nothing deflates to one byte, an empty stored block without its tail
  return deflated.length <= TAIL.length ? Buffer.from([0]) : deflated.subarray(0, deflated.length - TAIL.length);
}

/** zlib has no window of 256 bytes, but with one of 512 it refers back by 250 at the most, which fits (its MAX_DIST). */
function zlibWindowBits(windowBits: number): number {
  return Math.max(9, windowBits);
}

function enlarge(output: Buffer, used: number, most: number): Buffer {
  const larger = Buffer.allocUnsafeSlow(Math.min(output.length * 2, most + 1));
  output.copy(larger, 0, 0, used);
  return larger;
}
