import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Less than what V8 lets grow at least before a full collection: 8 MiB, and the size of its young generation. */
const COLLECTED_AFTER = 6 * 1024 * 1024;

type Collect = (options: { type: 'minor' }) => void;

const MINOR = { type: 'minor' } as const;
let collect: Collect | undefined;
let bytes = 0;

/**
 * Counts memory of messages that a program is handed, before it is allocated. V8 frees it when it collects young
 * objects. By itself it does that after 32 MiB of such memory, finds that the process has grown, and collects the whole
 * heap as well: `docs/decisions/large-messages.md`. So young objects are collected earlier here.
 */
export function countHanded(length: number): void {
  bytes += length;
  if (bytes < COLLECTED_AFTER) return;
  bytes = 0;
  collect ??= findCollect();
  collect(MINOR);
}

/** V8's function `gc`, which new contexts have while the flag `--expose-gc` is set. */
function findCollect(): Collect {
  const find = (): Collect | undefined => runInNewContext('globalThis.gc') as Collect | undefined;
  const exposed = find();
  if (exposed !== undefined) return exposed;
  setFlagsFromString('--expose-gc');
  const found = find();
  setFlagsFromString('--no-expose-gc');
  return found ?? (() => {});
}
