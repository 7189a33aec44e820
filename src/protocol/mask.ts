import { MASK_KERNEL } from './mask-kernel';

/** From this many bytes on the WebAssembly kernel is faster than the loop. */
const KERNEL_FROM = 144;

/** Bytes of the kernel's memory into which a payload from elsewhere is copied, piece by piece. */
const SCRATCH_BYTES = 128 * 1024;

/** Bytes of a read. */
const READ_BYTES = 64 * 1024;

/** The part of WebAssembly that is used here; the types of Node.js do not have it. */
declare const WebAssembly:
  | {
      Module: new (bytes: Uint8Array) => object;
      Instance: new (module: object) => { exports: { memory: { buffer: ArrayBuffer }; unmask: Kernel['run'] } };
    }
  | undefined;

/** The WebAssembly kernel. `run` unmasks `length` bytes of `memory` from `at` on, and returns what `unmask` does. */
interface Kernel {
  readonly memory: ArrayBuffer;
  readonly scratch: Uint8Array;
  readonly run: (at: number, length: number, key: number) => number;
}

const kernel = instantiate();

/**
 * The memory of every read of a socket: valid until the next one. It lies in the kernel's memory, so that `unmask` need
 * not copy it there.
 */
export const readBuffer: Buffer =
  kernel === undefined ? Buffer.allocUnsafeSlow(READ_BYTES) : Buffer.from(kernel.memory, SCRATCH_BYTES, READ_BYTES);

/**
 * Undoes the masking of RFC 6455 5.3: XORs `source[start, end)` with the four bytes of `key` and writes the result to
 * `target` from `at` on (`target` may be `source` itself, with `at` equal to `start`). `source` may change too if it is
 * `readBuffer`.
 *
 * `key` is the masking key as a little-endian 32-bit integer whose lowest byte belongs to `source[start]`.
 * Returns a number below 0x80 when the payload is plain ASCII, which spares the reader a second pass.
 */
export function unmask(
  source: Uint8Array,
  start: number,
  end: number,
  key: number,
  target: Uint8Array,
  at: number,
): number {
  if (end - start < KERNEL_FROM || kernel === undefined) return unmaskByLoop(source, start, end, key, target, at);
  if (source === readBuffer) {
    const bits = kernel.run(SCRATCH_BYTES + start, end - start, key);
    if (target !== source) target.set(source.subarray(start, end), at);
    return bits;
  }
  let bits = 0;
  for (let from = start, to = at; from < end; from += SCRATCH_BYTES, to += SCRATCH_BYTES) {
    const length = Math.min(end - from, SCRATCH_BYTES);
    kernel.scratch.set(source.subarray(from, from + length));
    bits |= kernel.run(0, length, key);
    target.set(kernel.scratch.subarray(0, length), to);
  }
  return bits;
}

/** Does what `unmask` does in JavaScript: for short payloads, and where there is no WebAssembly (`node --jitless`). */
export function unmaskByLoop(
  source: Uint8Array,
  start: number,
  end: number,
  key: number,
  target: Uint8Array,
  at: number,
): number {
  const k0 = key & 0xff;
  const k1 = (key >>> 8) & 0xff;
  const k2 = (key >>> 16) & 0xff;
  const k3 = key >>> 24;
  let bits = 0;
  let from = start;
  let to = at;
  for (const wholeWords = end - 3; from < wholeWords; from += 4, to += 4) {
    const b0 = source[from]! ^ k0;
    const b1 = source[from + 1]! ^ k1;
    const b2 = source[from + 2]! ^ k2;
    const b3 = source[from + 3]! ^ k3;
    target[to] = b0;
    target[to + 1] = b1;
    target[to + 2] = b2;
    target[to + 3] = b3;
    bits |= b0 | b1 | b2 | b3;
  }
  for (let shift = 0; from < end; from++, to++, shift += 8) {
    const b = source[from]! ^ ((key >>> shift) & 0xff);
    target[to] = b;
    bits |= b;
  }
  return bits;
}

/** The key for the bytes that follow `count` bytes that were unmasked with `key`. */
export function advanceKey(key: number, count: number): number {
  const shift = (count & 3) << 3;
  return shift === 0 ? key : (key >>> shift) | (key << (32 - shift));
}

function instantiate(): Kernel | undefined {
  if (typeof WebAssembly === 'undefined') return undefined;
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(Buffer.from(MASK_KERNEL, 'base64')));
  const memory = exports.memory.buffer;
  return { memory, scratch: new Uint8Array(memory, 0, SCRATCH_BYTES), run: exports.unmask };
}
