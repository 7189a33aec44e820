interface Waiter<Item> {
  wants(item: Item): boolean;
  resolve(item: Item): void;
  reject(reason: Error): void;
}

/** A queue of items that nobody has taken, and of callers that wait for items. */
export class Mailbox<Item> {
  private readonly items: Item[] = [];
  private readonly waiters = new Set<Waiter<Item>>();
  private ended: Error | undefined;

  put(item: Item): void {
    for (const waiter of this.waiters) {
      if (!waiter.wants(item)) continue;
      this.waiters.delete(waiter);
      waiter.resolve(item);
      return;
    }
    this.items.push(item);
  }

  /** Takes the first item that `wants` accepts; items before it stay. Rejects when no item can come any more. */
  take(wants: (item: Item) => boolean = () => true): Promise<Item> {
    const index = this.items.findIndex(wants);
    if (index >= 0) return Promise.resolve(this.items.splice(index, 1)[0]!);
    if (this.ended !== undefined) return Promise.reject(this.ended);
    return new Promise((resolve, reject) => this.waiters.add({ wants, resolve, reject }));
  }

  /** Nothing more will arrive. */
  end(reason: Error): void {
    this.ended = reason;
    for (const waiter of this.waiters) waiter.reject(reason);
    this.waiters.clear();
  }
}
