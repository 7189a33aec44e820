/** Descriptions of pending waits, by the place that waits. */
const waiting = new Map<Error, () => string>();

/** Resolves with a promise. When the test ends by its time limit before, its report has `what` and the place that waits. */
export async function awaited<T>(coming: Promise<T>, what: () => string): Promise<T> {
  const place = new Error('it waits here');
  waiting.set(place, what);
  try {
    return await coming;
  } finally {
    waiting.delete(place);
  }
}

afterEach(() => {
  for (const [place, what] of waiting) {
    waiting.clear();
    throw new Error(`the test ended while it waited for ${what()}`, { cause: place });
  }
});
