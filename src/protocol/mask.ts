import { MASK_KERNEL } from './mask-kernel';

/** From this many bytes on the WebAssembly kernel is faster than the loop, though it copies in and out. */
const KERNEL_FROM = 144;

/** Bytes that the kernel's memory holds. */
const KERNEL_BYTES = 128 * 1024;

/** The part of WebAssembly that is used here; the types of Node.js do not have it. */
declare const WebAssembly:
  | {
      Module: new (bytes: Uint8Array) => object;
      Instance: new (module: object) => { exports: { memory: { buffer: ArrayBuffer }; unmask: Kernel['run'] } };
    }
  | undefined;

/** The WebAssembly kernel. `run` unmasks `length` bytes at the start of `memory`, and returns what `unmask` returns. */
interface Kernel {
  readonly memory: Uint8Array;
  readonly run: (length: number, key: number) => number;
}

const kernel = instantiate();

/**
 * Undoes the masking of RFC 6455 5.3: XORs `source[start, end)` with the four bytes of `key` and writes the result to
 * `target` from `at` on (`target` may be `source` itself, with `at` equal to `start`).
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
  let bits = 0;
  for (let from = start, to = at; from < end; from += KERNEL_BYTES, to += KERNEL_BYTES) {
    const length = Math.min(end - from, KERNEL_BYTES);
    kernel.memory.set(source.subarray(from, from + length));
    bits |= kernel.run(length, key);
    target.set(kernel.memory.subarray(0, length), to);
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
  return { memory: new Uint8Array(exports.memory.buffer), run: exports.unmask };
}
