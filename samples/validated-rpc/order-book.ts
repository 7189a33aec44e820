import { EventEmitter, on } from 'node:events';
import { injectable, PortalError } from 'portal-ws';
import type { Line, ListOrders, Order, PlaceOrder, Status } from './messages';
import { Stock } from './stock';

/** The number of shipped or cancelled orders that are kept. */
export const MAX_SETTLED = 1000;

/** All orders, in memory. */
@injectable()
export class OrderBook {
  private readonly orders = new Map<number, Order>();
  /** Ids of orders that change no more, in the order in which they were settled. */
  private readonly settled: number[] = [];
  /** Emits each order under its id when it changes. */
  private readonly changes = new EventEmitter().setMaxListeners(0);
  private count = 0;

  constructor(private readonly stock: Stock) {}

  /** The number of followers of an order. */
  followers(id: number): number {
    return this.changes.listenerCount(String(id));
  }

  /** @throws PortalError `out_of_stock` */
  place({ customer, address, lines }: PlaceOrder): Order {
    const merged = mergeLines(lines);
    this.stock.take(merged);
    const order: Order = { id: ++this.count, customer, address, lines: merged, status: 'placed' };
    this.orders.set(order.id, order);
    return order;
  }

  list({ status, limit }: ListOrders): Order[] {
    const all = [...this.orders.values()].reverse();
    const wanted = status !== undefined ? all.filter((order) => order.status === status) : all;
    return wanted.slice(0, limit);
  }

  /** @throws PortalError `no_such_order`, `order_settled` */
  cancel(id: number): Order {
    const order = this.settle(id, 'cancelled');
    this.stock.putBack(order.lines);
    return order;
  }

  /** @throws PortalError `no_such_order`, `order_settled` */
  ship(id: number): Order {
    return this.settle(id, 'shipped');
  }

  /**
   * The order as it is, and after each change until it is settled. The signal is needed: a generator that waits for a change
   * cannot be ended from outside.
   * @throws PortalError `no_such_order`
   */
  async *follow(id: number, signal: AbortSignal): AsyncGenerator<Order, void, void> {
    const order = this.get(id);
    const changes = isSettled(order) ? [] : (on(this.changes, String(id), { signal }) as AsyncIterable<[Order]>);
    yield order;
    for await (const [next] of changes) {
      yield next;
      if (isSettled(next)) return;
    }
  }

  private get(id: number): Order {
    const order = this.orders.get(id);
    if (order === undefined) throw new PortalError('no_such_order', `There is no order ${id}.`);
    return order;
  }

  private settle(id: number, status: Status): Order {
    const order = this.get(id);
    if (isSettled(order)) throw new PortalError('order_settled', `Order ${id} is ${order.status} already.`);
    const settled: Order = { ...order, status };
    this.orders.set(id, settled);
    if (this.settled.push(id) > MAX_SETTLED) this.orders.delete(this.settled.shift()!);
    this.changes.emit(String(id), settled);
    return settled;
  }
}

function isSettled({ status }: Order): boolean {
  return status !== 'placed';
}

/** The sum of the lines for each article. */
function mergeLines(lines: readonly Line[]): Line[] {
  const quantities = new Map<string, number>();
  for (const { article, quantity } of lines) quantities.set(article, (quantities.get(article) ?? 0) + quantity);
  return Array.from(quantities, ([article, quantity]) => ({ article, quantity }));
}
