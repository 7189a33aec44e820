import { MessageBody, OnMessage, WebSocketPath } from 'portal-ws';
import { listOrders, OrderId, PlaceOrder, type Line, type ListOrders, type Order } from './messages';
import { OrderBook } from './order-book';
import { Stock } from './stock';

/** Calls with ids and answers: `{"event":"orders.cancel","data":{"order":1},"id":7}`. */
@WebSocketPath('/orders', { limits: { maxMessageBytes: 16 * 1024 } })
export class OrdersController {
  constructor(
    private readonly book: OrderBook,
    private readonly stock: Stock,
  ) {}

  @OnMessage('stock.list')
  available(): Line[] {
    return this.stock.list();
  }

  @OnMessage('orders.place')
  place(order: PlaceOrder): Order {
    return this.book.place(order);
  }

  @OnMessage('orders.list')
  list(@MessageBody(listOrders) filter: ListOrders): Order[] {
    return this.book.list(filter);
  }

  @OnMessage('orders.cancel')
  cancel({ order }: OrderId): Order {
    return this.book.cancel(order);
  }

  @OnMessage('orders.ship')
  ship({ order }: OrderId): Order {
    return this.book.ship(order);
  }

  /** Each change is an answer with `"more": true`, and the last one says `"done": true`. */
  @OnMessage('orders.follow')
  follow({ order }: OrderId, signal: AbortSignal): AsyncIterable<Order> {
    return this.book.follow(order, signal);
  }
}
