const SIGNALS = ['SIGTERM', 'SIGINT'] as const;

/** Calls back at the first of the signals that ask a process to end; a second one ends it as if nobody listened. Returns what stops it. */
export function onceAskedToEnd(callback: () => void): () => void {
  const stop = (): void => {
    for (const signal of SIGNALS) process.off(signal, onSignal);
  };
  const onSignal = (): void => {
    stop();
    callback();
  };
  for (const signal of SIGNALS) process.on(signal, onSignal);
  return stop;
}
