import { createTestApp, type TestApp, type TestClient } from 'portal-ws/testing';
import { MAX_SETTLED, OrderBook } from '../../samples/validated-rpc/order-book';
import { OrdersModule } from '../../samples/validated-rpc/orders.module';
import { Stock } from '../../samples/validated-rpc/stock';
import { MemoryLogger } from '../support/app';

const ADDRESS = { street: 'High Street 1', city: 'Bath' };
const ORDER = { customer: 'Ann', address: ADDRESS, lines: [{ article: 'lamp', quantity: 2 }] };

let app: TestApp;
let client: TestClient;
let logger: MemoryLogger;

beforeEach(async () => {
  logger = new MemoryLogger();
  app = await createTestApp(OrdersModule, {
    logger,
    override: [{ token: Stock, useFactory: () => new Stock({ lamp: 5, desk: 1 }) }],
  });
  client = await app.connect('/orders');
});

afterEach(async () => {
  await app.close();
  expect(logger.errors).toEqual([]);
});

const place = (lines: object[] = ORDER.lines): Promise<unknown> => client.request('orders.place', { ...ORDER, lines });
const stock = (): Promise<unknown> => client.request('stock.list');

describe('orders.place', () => {
  test('takes from the stock and answers with the order', async () => {
    expect(await place()).toEqual({ id: 1, ...ORDER, status: 'placed' });
    expect(await stock()).toEqual([
      { article: 'lamp', quantity: 3 },
      { article: 'desk', quantity: 1 },
    ]);
    expect(await place()).toMatchObject({ id: 2 });
  });

  test('adds up lines of the same article', async () => {
    const lines = [
      { article: 'lamp', quantity: 2 },
      { article: 'desk', quantity: 1 },
      { article: 'lamp', quantity: 3 },
    ];
    expect(await place(lines)).toMatchObject({
      lines: [
        { article: 'lamp', quantity: 5 },
        { article: 'desk', quantity: 1 },
      ],
    });
  });

  test('takes nothing when one of the articles is short, and says which', async () => {
    const lines = [
      { article: 'lamp', quantity: 1 },
      { article: 'desk', quantity: 2 },
      { article: 'sofa', quantity: 1 },
    ];
    await expect(place(lines)).rejects.toMatchObject({
      code: 'out_of_stock',
      message: 'There is not enough of it.',
      details: [
        { article: 'desk', wanted: 2, available: 1 },
        { article: 'sofa', wanted: 1, available: 0 },
      ],
    });
    expect(await stock()).toEqual([
      { article: 'lamp', quantity: 5 },
      { article: 'desk', quantity: 1 },
    ]);
    expect(await client.request('orders.list', {})).toEqual([]);
  });

  test.each<[string, unknown, string[]]>([
    ['nothing', undefined, ['']],
    ['an array', [ORDER], ['']],
    ['an empty object', {}, ['customer', 'address', 'lines']],
    ['a customer that is no text', { ...ORDER, customer: 7 }, ['customer']],
    ['a customer without a name', { ...ORDER, customer: '' }, ['customer']],
    ['a property that no order has', { ...ORDER, price: 0 }, ['price']],
    ['an address that is a text', { ...ORDER, address: 'Bath' }, ['address']],
    ['an address that is null', { ...ORDER, address: null }, ['address']],
    ['two addresses', { ...ORDER, address: [ADDRESS] }, ['address']],
    ['an address without a city', { ...ORDER, address: { street: 'High Street 1' } }, ['address.city']],
    ['an address with a country', { ...ORDER, address: { ...ADDRESS, country: 'UK' } }, ['address.country']],
    ['lines that are none', { ...ORDER, lines: 'lamp' }, ['lines']],
    ['no line', { ...ORDER, lines: [] }, ['lines']],
    ['too many lines', { ...ORDER, lines: Array(21).fill({ article: 'lamp', quantity: 1 }) }, ['lines']],
    ['lines in lines', { ...ORDER, lines: [ORDER.lines] }, ['lines', 'lines.0']],
    ['a line that is null', { ...ORDER, lines: [null] }, ['lines', 'lines.0']],
    [
      'wrong lines among others',
      {
        ...ORDER,
        lines: [...ORDER.lines, { article: 'Lamp!', quantity: 1.5 }, { article: 'lamp', quantity: 0, note: '' }],
      },
      ['lines.1.article', 'lines.1.quantity', 'lines.2.note', 'lines.2.quantity'],
    ],
  ])('refuses %s', async (_, data, paths) => {
    const refused = client.request('orders.place', data);
    await expect(refused).rejects.toMatchObject({ code: 'validation_failed' });
    const { details } = (await refused.catch((error: unknown) => error)) as { details: { path: string }[] };
    expect([...new Set(details.map(({ path }) => path))].sort()).toEqual([...paths].sort());
    expect(await place()).toMatchObject({ id: 1 });
  });
});

test('a refusal says what each property must be', async () => {
  const refused = client.request('orders.place', { ...ORDER, lines: [{ article: 'lamp', quantity: 1001 }] });
  await expect(refused).rejects.toMatchObject({
    code: 'validation_failed',
    message: 'The message is not valid.',
    details: [{ path: 'lines.0.quantity', constraints: { max: 'quantity must not be greater than 1000' } }],
  });
});

describe('orders.list', () => {
  beforeEach(async () => {
    for (let count = 0; count < 3; count++) await place([{ article: 'lamp', quantity: 1 }]);
    await client.request('orders.ship', { order: 2 });
  });

  test.each([
    [{}, [3, 2, 1]],
    [{ limit: 2 }, [3, 2]],
    [{ status: 'placed' }, [3, 1]],
    [{ status: 'shipped' }, [2]],
    [{ status: 'cancelled' }, []],
    [{ status: 'placed', limit: 1 }, [3]],
    [undefined, [3, 2, 1]],
  ])('%j', async (filter, ids) => {
    const orders = (await client.request('orders.list', filter)) as { id: number }[];
    expect(orders.map(({ id }) => id)).toEqual(ids);
  });

  test('lists twenty by default', async () => {
    const book = app.container.resolve(OrderBook);
    for (let id = 4; id <= 21; id++)
      book.cancel(book.place({ ...ORDER, lines: [{ article: 'desk', quantity: 1 }] }).id);
    const orders = (await client.request('orders.list')) as { id: number }[];
    expect(orders.map(({ id }) => id)).toEqual(Array.from({ length: 20 }, (_, index) => 21 - index));
  });

  test.each<[unknown, string]>([
    [{ status: 'lost' }, 'status'],
    [{ status: null }, 'status'],
    [{ limit: 0 }, 'limit'],
    [{ limit: 101 }, 'limit'],
    [{ limit: 1.5 }, 'limit'],
    [{ limit: '5' }, 'limit'],
    [{ page: 2 }, ''],
    [null, ''],
    [[], ''],
  ])('refuses %j', async (filter, path) => {
    await expect(client.request('orders.list', filter)).rejects.toMatchObject({
      code: 'validation_failed',
      details: [{ path, constraints: { schema: expect.any(String) as string } }],
    });
  });
});

describe('orders.cancel and orders.ship', () => {
  test('a cancelled order puts back what it took', async () => {
    await place();
    expect(await client.request('orders.cancel', { order: 1 })).toMatchObject({ id: 1, status: 'cancelled' });
    expect(await stock()).toContainEqual({ article: 'lamp', quantity: 5 });
  });

  test('a shipped order does not', async () => {
    await place();
    expect(await client.request('orders.ship', { order: 1 })).toMatchObject({ id: 1, status: 'shipped' });
    expect(await stock()).toContainEqual({ article: 'lamp', quantity: 3 });
  });

  test.each(['orders.cancel', 'orders.ship'])('%s: an order is settled once', async (event) => {
    await place();
    await client.request('orders.cancel', { order: 1 });
    await expect(client.request(event, { order: 1 })).rejects.toMatchObject({
      code: 'order_settled',
      message: 'Order 1 is cancelled already.',
    });
    expect(await stock()).toContainEqual({ article: 'lamp', quantity: 5 });
  });

  test.each(['orders.cancel', 'orders.ship', 'orders.follow'])('%s: an unknown order', async (event) => {
    await expect(client.request(event, { order: 9 })).rejects.toMatchObject({ code: 'no_such_order' });
    await expect(client.request(event, { order: '9' })).rejects.toMatchObject({
      code: 'validation_failed',
      details: [{ path: 'order' }],
    });
  });

  test('settled orders are forgotten, the oldest first; those that are not are kept', async () => {
    await place();
    const book = app.container.resolve(OrderBook);
    for (let id = 2; id <= MAX_SETTLED + 2; id++) {
      book.place({ ...ORDER, lines: [{ article: 'desk', quantity: 1 }] });
      book.cancel(id);
    }
    await expect(client.request('orders.cancel', { order: 2 })).rejects.toMatchObject({ code: 'no_such_order' });
    await expect(client.request('orders.cancel', { order: 3 })).rejects.toMatchObject({ code: 'order_settled' });
    expect(await client.request('orders.cancel', { order: 1 })).toMatchObject({ status: 'cancelled' });
  });
});

describe('orders.follow', () => {
  test('answers with the order now and after each change, and then ends', async () => {
    await place();
    client.send(JSON.stringify({ event: 'orders.follow', data: { order: 1 }, id: 'f' }));
    const first = await client.receiveEvent();
    expect(first).toMatchObject({ event: 'orders.follow', id: 'f', more: true, data: { status: 'placed' } });

    const other = await app.connect('/orders');
    await other.request('orders.ship', { order: 1 });
    expect(await client.receiveEvent()).toMatchObject({ id: 'f', more: true, data: { id: 1, status: 'shipped' } });
    expect(await client.receiveEvent()).toEqual({ event: 'orders.follow', id: 'f', done: true });
    expect(app.container.resolve(OrderBook).followers(1)).toBe(0);
  });

  test('answers once for a settled order', async () => {
    await place();
    await client.request('orders.cancel', { order: 1 });
    expect(await client.request('orders.follow', { order: 1 })).toMatchObject([{ id: 1, status: 'cancelled' }]);
    expect(app.container.resolve(OrderBook).followers(1)).toBe(0);
  });

  test('ends when the client leaves', async () => {
    await place();
    const book = app.container.resolve(OrderBook);
    client.emit('orders.follow', { order: 1 });
    await client.receiveEvent('orders.follow');
    expect(book.followers(1)).toBe(1);
    await client.close(1000);
    await app.advance(0);
    expect(book.followers(1)).toBe(0);
  });
});

describe('messages that are not calls', () => {
  test.each([
    ['{', { error: { code: 'malformed_message' } }],
    ['{"event":"orders.eat","id":3}', { event: 'orders.eat', error: { code: 'unknown_event' }, id: 3 }],
  ])('%s', async (message, answer) => {
    client.send(message);
    expect(await client.receiveEvent()).toMatchObject(answer);
    expect(await place()).toMatchObject({ id: 1 });
  });

  test('a message that is too big ends the connection', async () => {
    client.send('x'.repeat(16 * 1024 + 1));
    expect((await client.closed).code).toBe(1009);
  });
});
