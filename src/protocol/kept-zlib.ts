import {
  constants,
  createDeflateRaw,
  createInflateRaw,
  deflateRawSync,
  type DeflateRaw,
  type InflateRaw,
} from 'node:zlib';

/** The synchronous part of Node's zlib streams. It is not documented; `keptHandlesWork` checks that it is there. */
interface Internals {
  _handle: {
    reset(): void;
    writeSync(
      flush: number,
      input: Uint8Array,
      inputAt: number,
      inputLength: number,
      output: Uint8Array,
      outputAt: number,
      outputLength: number,
    ): void;
    onerror: (message: string, errno: number, code: string) => void;
  };
  /** After a write: bytes of output left, bytes of input left. */
  _writeState: Uint32Array;
}

/** A zlib context that is reset and used again. Node's own calls make a new context for each buffer. */
export class KeptHandle {
  private readonly internals: Internals;
  private failed = false;

  private constructor(
    /** Held because its collection would close the handle. */
    readonly stream: InflateRaw | DeflateRaw,
  ) {
    this.internals = stream as unknown as Internals;
    this.internals._handle.onerror = () => (this.failed = true);
  }

  static inflate(): KeptHandle {
    return new KeptHandle(createInflateRaw());
  }

  static deflate(windowBits: number): KeptHandle {
    return new KeptHandle(createDeflateRaw({ windowBits }));
  }

  /** Bytes of the output that the last run left free. */
  get outputLeft(): number {
    return this.internals._writeState[0]!;
  }

  /** Bytes of the input that the last run left. */
  get inputLeft(): number {
    return this.internals._writeState[1]!;
  }

  reset(): void {
    this.failed = false;
    this.internals._handle.reset();
  }

  /** Processes `input[at, end)` into `output` from `to` on, until either is used up. False for corrupt input. */
  run(flush: number, input: Uint8Array, at: number, end: number, output: Uint8Array, to: number): boolean {
    this.internals._handle.writeSync(flush, input, at, end - at, output, to, output.length - to);
    return !this.failed;
  }
}

/** True where this Node's zlib has the calls that `KeptHandle` needs, and they work as expected. */
export function keptHandlesWork(): boolean {
  try {
    const { Z_SYNC_FLUSH } = constants;
    const text = Buffer.from('portal portal portal');
    const deflated = deflateRawSync(text, { finishFlush: Z_SYNC_FLUSH });
    const handle = KeptHandle.inflate();
    for (let round = 0; round < 2; round++) {
      const output = Buffer.alloc(text.length + 1);
      handle.reset();
      if (!handle.run(Z_SYNC_FLUSH, deflated, 0, deflated.length, output, 0)) return false;
      if (handle.outputLeft !== 1 || handle.inputLeft !== 0 || !output.subarray(0, -1).equals(text)) return false;
    }
    handle.reset();
    return !handle.run(Z_SYNC_FLUSH, Buffer.from([0xff]), 0, 1, Buffer.alloc(1), 0);
  } catch {
    return false;
  }
}
