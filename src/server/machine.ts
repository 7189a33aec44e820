import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { DEFAULT_LIMITS, type ResolvedLimits } from '../connection';

/** Files that Node opens for itself, some twenty. */
const OTHER_FILES = 32;

/** The default limits on this machine. Connections may use most of the open files, and a quarter of the memory. */
export function limitsOfMachine(): ResolvedLimits {
  const files = fileLimit();
  return {
    ...DEFAULT_LIMITS,
    ...(files !== undefined && {
      maxConnections: Math.max(1, files - Math.min(1024, Math.max(OTHER_FILES, files >> 4))),
    }),
    maxTotalBufferedBytes: Math.floor(memoryLimit() / 4),
  };
}

/** The number of files that the process may open; `undefined` where the system is not Linux. */
export function fileLimit(limits = readLimits()): number | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

/** The memory of the container, or of the machine, in bytes. */
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
