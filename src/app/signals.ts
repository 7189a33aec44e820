const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Callbacks for the signals. The process has one listener for all of them, since Node warns of a leak at more than ten. */
const callbacks = new Set<() => void>();

/** Calls back at the first of the signals that ask a process to end; a second one ends it as if nobody listened. Returns what stops it. */
export function onceAskedToEnd(callback: () => void): () => void {
  const call = (): void => callback();
  if (callbacks.size === 0) for (const signal of SIGNALS) process.on(signal, onSignal);
  callbacks.add(call);
  return () => stop(call);
}

function onSignal(): void {
  for (const call of [...callbacks]) {
    stop(call);
    call();
  }
}

function stop(call: () => void): void {
  if (!callbacks.delete(call) || callbacks.size > 0) return;
  for (const signal of SIGNALS) process.off(signal, onSignal);
}
