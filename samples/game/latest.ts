/**
 * An iterable that keeps only the latest item: a slow reader skips items that are out of date. Unlike a
 * generator, it can be ended while somebody waits for its next item.
 */
export class Latest<T> implements AsyncIterableIterator<T, undefined> {
  private item: { value: T } | undefined;
  private waiting: ((result: IteratorResult<T, undefined>) => void) | undefined;
  private ended = false;

  put(value: T): void {
    if (this.ended) return;
    if (this.waiting === undefined) this.item = { value };
    else this.settle({ value });
  }

  /** Ends the iterable after the item that waits. */
  end(): void {
    this.ended = true;
    this.settle(END);
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    const { item } = this;
    this.item = undefined;
    if (item !== undefined) return item;
    if (this.ended) return END;
    return new Promise((resolve) => (this.waiting = resolve));
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    this.item = undefined;
    this.end();
    return END;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  private settle(result: IteratorResult<T, undefined>): void {
    this.waiting?.(result);
    this.waiting = undefined;
  }
}

const END = { done: true, value: undefined } as const;
