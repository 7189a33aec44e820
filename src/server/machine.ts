import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';

/** Files that the process may open, from what Linux tells; undefined elsewhere. */
export function fileLimit(limits = readLimits()): number | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

/** Bytes of memory that the process may use: its container's, or the machine's. */
export function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem();
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1');
  } catch {
    return '';
  }
}
