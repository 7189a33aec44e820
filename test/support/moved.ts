/** Counts the array items that `run` moves or copies with shift, splice, slice and unshift: a measure of work without a clock. */
export function movedBy(run: () => void): number {
  const count = countMoves();
  try {
    run();
  } finally {
    count.stop();
  }
  return count.moved;
}

export function countMoves(): { readonly moved: number; stop(): void } {
  const prototype = Array.prototype as unknown as Record<string, (...args: unknown[]) => unknown>;
  const { shift, splice, slice, unshift } = prototype;
  const originals = { shift, splice, slice, unshift };
  const counts = { moved: 0, stop: () => void Object.assign(prototype, originals) };
  for (const [name, original] of Object.entries(originals)) {
    Object.defineProperty(prototype, name, {
      configurable: true,
      writable: true,
      enumerable: false,
      value(this: unknown[], ...args: unknown[]) {
        const result = original!.apply(this, args);
        counts.moved += name === 'slice' ? (result as unknown[]).length : this.length;
        return result;
      },
    });
  }
  return counts;
}
