import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Bytes after which young objects are collected. V8 lets a small heap grow by 8 MiB at least before it collects all of
 * it.
 */
const COLLECTED_AFTER = 6 * 1024 * 1024;

/** The C library keeps twice the largest block that it has taken back, so far as that is not beyond 32 MiB. */
const LARGEST_BLOCK = 24 * 1024 * 1024;

type Collect = (options: { type: 'minor' }) => void;

const MINOR = { type: 'minor' } as const;
let collect: Collect | undefined;
let bytes = 0;

/** Counts memory of a message that a program is handed. */
export function countHanded(length: number): void {
  bytes += length;
}

/**
 * Frees the memory of messages that nothing refers to any more, once there is much of it. V8 frees it when it collects
 * young objects. By itself it does so after 32 MiB, sees that the process has grown by as much, and collects the whole
 * heap as well, again and again: `docs/decisions/large-messages.md`.
 */
export function freeHanded(): void {
  if (bytes < COLLECTED_AFTER) return;
  bytes = 0;
  collect ??= prepare();
  // freed in a thread, the memory would still count when V8 decides about a full collection
  setFlagsFromString('--no-concurrent-array-buffer-sweeping');
  collect(MINOR);
  setFlagsFromString('--concurrent-array-buffer-sweeping');
}

function prepare(): Collect {
  // never touched, and freed with the first collection: from then on freed messages leave no page to be faulted in anew
  Buffer.allocUnsafeSlow(LARGEST_BLOCK);
  return exposedCollect() ?? exposeCollect();
}

/** V8's function `gc`, which each new context has while the flag `--expose-gc` is set. */
function exposedCollect(): Collect | undefined {
  return runInNewContext('globalThis.gc') as Collect | undefined;
}

function exposeCollect(): Collect {
  setFlagsFromString('--expose-gc');
  const found = exposedCollect();
  setFlagsFromString('--no-expose-gc');
  return found ?? (() => {});
}
