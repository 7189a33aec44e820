/** What is waited for, by the place where it is. */
const waiting = new Map<Error, () => string>();

/** Waits for it. Should the test end by its time limit before it comes, the report names what it is and the place that waits. */
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
