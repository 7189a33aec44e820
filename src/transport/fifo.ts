/**
 * Empty places at the front are kept up to this many. Beyond that they are removed once they are half of all places.
 */
const KEPT_PLACES = 1024;

/**
 * A first-in, first-out queue with constant time for each item. `Array.shift` moves all items that are left, which
 * takes seconds for 50,000.
 */
export class Fifo<T> {
  private items: (T | undefined)[] = [];
  private head = 0;

  get length(): number {
    return this.items.length - this.head;
  }

  /** The item that has waited longest. */
  get first(): T | undefined {
    return this.items[this.head];
  }

  /** The item that came last. */
  get last(): T | undefined {
    return this.items[this.items.length - 1];
  }

  push(item: T): void {
    this.items.push(item);
  }

  shift(): T | undefined {
    const { items, head } = this;
    if (head === items.length) return undefined;
    const item = items[head];
    items[head] = undefined;
    this.head++;
    if (this.head === items.length) this.leave(items.length);
    else if (this.head >= KEPT_PLACES && this.head * 2 >= items.length) this.leave(this.head);
    return item;
  }

  /** Takes out all items. */
  clear(): T[] {
    const items = this.items.slice(this.head) as T[];
    this.leave(this.items.length);
    return items;
  }

  private leave(places: number): void {
    this.items = places === this.items.length ? [] : this.items.slice(places);
    this.head = 0;
  }
}
