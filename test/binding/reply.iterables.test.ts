import { Readable } from 'node:stream';
import { ReadableStream } from 'node:stream/web';
import { Connection, JsonCodec, OnError, OnMessage, OnOpen, PortalError, WebSocketPath } from '../../src';
import { replyLater } from '../../src/binding/reply';
import { deferred } from '../support/engine';
import { serve, settled } from '../support/serve';

async function* itemsOf(items: readonly unknown[], error?: unknown): AsyncGenerator<unknown> {
  for (const item of items) yield await Promise.resolve(item);
  if (error !== undefined) throw error;
}

/** An iterable that gives what it is told to, and notes what it is asked for. */
class Source implements AsyncIterableIterator<unknown> {
  readonly calls: string[] = [];
  private readonly items: unknown[] = [];
  private wake: (() => void) | undefined;

  give(...items: unknown[]): void {
    this.items.push(...items);
    this.wake?.();
  }
  [Symbol.asyncIterator](): this {
    this.calls.push('begin');
    return this;
  }
  async next(): Promise<IteratorResult<unknown>> {
    this.calls.push('next');
    while (this.items.length === 0) await new Promise<void>((resolve) => (this.wake = resolve));
    return { value: this.items.shift(), done: false };
  }
  async return(): Promise<IteratorResult<unknown>> {
    this.calls.push('return');
    return { value: undefined, done: true };
  }
}

async function clientOf(method: () => unknown) {
  @WebSocketPath('/')
  class Controller {
    @OnMessage('e')
    e(): unknown {
      return method();
    }
    @OnMessage('probe')
    probe(): string {
      return 'nothing before';
    }
    @OnMessage()
    text(_message: string): unknown {
      return method();
    }
  }
  const app = await serve([Controller]);
  return { app, client: await app.connect('/') };
}

type Client = Awaited<ReturnType<typeof clientOf>>['client'];

async function receiveAll(client: Client, count: number): Promise<unknown[]> {
  const all: unknown[] = [];
  for (let i = 0; i < count; i++) all.push(await client.receive());
  return all;
}

const SOURCES: [string, () => unknown][] = [
  ['an async generator', () => itemsOf([1, 'two', [3]])],
  ['a promise of one', async () => itemsOf([1, 'two', [3]])],
  ['a stream of Node', () => Readable.from([1, 'two', [3]])],
  ['a stream of the web', () => new ReadableStream({ start: (out) => fill(out) })],
];

function fill(out: { enqueue(item: unknown): void; close(): void }): void {
  for (const item of [1, 'two', [3]]) out.enqueue(item);
  out.close();
}

test.each(SOURCES)(
  '%s sends each item as an event; with an id, each says that more will come, until the last',
  async (_what, method) => {
    const { client } = await clientOf(method);
    client.emit('e');
    expect(await receiveAll(client, 3)).toEqual([
      '{"event":"e","data":1}',
      '{"event":"e","data":"two"}',
      '{"event":"e","data":[3]}',
    ]);
    client.send('{"event":"e","id":7}');
    expect(await receiveAll(client, 4)).toEqual([
      '{"event":"e","data":1,"id":7,"more":true}',
      '{"event":"e","data":"two","id":7,"more":true}',
      '{"event":"e","data":[3],"id":7,"more":true}',
      '{"event":"e","id":7,"done":true}',
    ]);
    expect(await client.request('e')).toEqual([1, 'two', [3]]);
  },
);

test('without an id, items that are undefined or null are no messages; with one they are null', async () => {
  const { client } = await clientOf(() => itemsOf([undefined, 0, null, false, '']));
  client.emit('e');
  expect(await receiveAll(client, 3)).toEqual([0, false, ''].map((data) => JSON.stringify({ event: 'e', data })));
  expect(await client.request('e')).toEqual([null, 0, null, false, '']);
});

test('one without items is no message, or the last one alone where an id wants an answer', async () => {
  const { client } = await clientOf(() => itemsOf([]));
  client.emit('e');
  await settled();
  client.send('{"event":"e","id":0}');
  client.send('{"event":"e","id":""}');
  expect(await receiveAll(client, 2)).toEqual([
    '{"event":"e","id":0,"done":true}',
    '{"event":"e","id":"","done":true}',
  ]);
});

test('it runs beside the queue: later messages are handled, and others run at the same time, each with its id', async () => {
  const sources: Source[] = [];
  const { client } = await clientOf(() => {
    const source = new Source();
    sources.push(source);
    return source;
  });
  client.send('{"event":"e","id":1}');
  client.send('{"event":"e","id":2}');
  expect(await client.request('probe')).toBe('nothing before');
  sources[0]!.give('a');
  await settled();
  sources[1]!.give('b');
  await settled();
  sources[0]!.give('c');
  expect(await receiveAll(client, 3)).toEqual([
    '{"event":"e","data":"a","id":1,"more":true}',
    '{"event":"e","data":"b","id":2,"more":true}',
    '{"event":"e","data":"c","id":1,"more":true}',
  ]);
});

test('the handler has settled when its promise has, whatever the iterable still has to give', async () => {
  const gate = deferred<unknown>();
  const { client } = await clientOf(() => gate.promise);
  client.emit('e');
  const answered = jest.fn();
  const probe = client.request('probe').then(answered);
  await settled();
  expect(answered).not.toHaveBeenCalled();
  gate.resolve(new Source());
  await probe;
  expect(answered).toHaveBeenCalledWith('nothing before');
});

test('@OnOpen may greet with several messages', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnOpen()
    greet(): unknown {
      return itemsOf(['one', { two: 2 }]);
    }
    @OnMessage()
    any(): void {}
  }
  const client = await (await serve([Controller])).connect('/');
  expect(await receiveAll(client, 2)).toEqual(['one', '{"two":2}']);
});

describe('an error inside of it', () => {
  const INTERNAL = '"error":{"code":"internal_error","message":"Something went wrong."}';

  test('is the error reply of the event, after what it gave, and nothing follows; the connection stays open', async () => {
    const { app, client } = await clientOf(() => itemsOf([1], new Error('secret')));
    client.send('{"event":"e","id":7}');
    expect(await receiveAll(client, 2)).toEqual([
      '{"event":"e","data":1,"id":7,"more":true}',
      `{"event":"e",${INTERNAL},"id":7}`,
    ]);
    client.emit('e');
    expect(await receiveAll(client, 2)).toEqual(['{"event":"e","data":1}', `{"event":"e",${INTERNAL}}`]);
    await expect(client.request('e')).rejects.toMatchObject({ code: 'internal_error' });
    expect(await client.request('probe')).toBe('nothing before');
    expect(app.log.lines).toEqual([1, 2, 3].map(() => 'error Controller.e failed'));
  });

  test('of a class of ours is told with its code, and not logged', async () => {
    const { app, client } = await clientOf(() => itemsOf([1], new PortalError('gone', 'too late')));
    await expect(client.request('e')).rejects.toMatchObject({ code: 'gone', message: 'too late' });
    expect(app.log.lines).toEqual([]);
  });

  test.each<[string, () => unknown]>([
    ['an item that cannot be sent', () => itemsOf([1n])],
    ['a beginning that throws', () => ({ [Symbol.asyncIterator]: fail })],
    ['a next that throws', () => ({ [Symbol.asyncIterator]: () => ({ next: fail }) })],
    ['a next that rejects', () => ({ [Symbol.asyncIterator]: () => ({ next: async () => fail() }) })],
    [
      'a stream that breaks',
      () => new Readable({ read: (): void => void 0, construct: (done) => done(new Error('x')) }),
    ],
  ])('such as %s is one as well', async (_what, method) => {
    const { app, client } = await clientOf(method);
    await expect(client.request('e')).rejects.toMatchObject({ code: 'internal_error' });
    expect(app.log.lines).toEqual(['error Controller.e failed']);
  });

  function fail(): never {
    throw new Error('broken');
  }

  test('is offered to @OnError, whose answer is sent and may be an iterable too', async () => {
    @WebSocketPath('/')
    class Controller {
      @OnMessage('e')
      e(): unknown {
        return itemsOf([1], new TypeError('broken'));
      }
      @OnError(TypeError)
      take({ message }: TypeError): unknown {
        return itemsOf([message, 'sorry']);
      }
    }
    const client = await (await serve([Controller])).connect('/');
    expect(await client.request('e')).toEqual([1, 'broken', 'sorry']);
  });

  test('of a plain handler closes with 1011, after what it gave', async () => {
    const { app, client } = await clientOf(() => itemsOf(['one'], new Error('broken')));
    client.send('x');
    expect(await client.receive()).toBe('one');
    expect(await client.closed).toMatchObject({ code: 1011, reason: 'internal error' });
    expect(app.log.lines).toEqual(['error Controller.text failed']);
  });
});

describe('when the connection closes', () => {
  test.each<[string, (client: Client, app: { close(): Promise<void> }, connection: Connection) => unknown]>([
    ['by the client', (client) => client.close(1000)],
    ['by the handler’s side', (_client, _app, connection) => connection.close(1000)],
    ['without a handshake', (_client, _app, connection) => connection.terminate()],
    ['since the server stops', (_client, app) => app.close()],
  ])('%s, it is told with return(), once, even while it waits, and asked for nothing more', async (_how, close) => {
    const source = new Source();
    const { app, client } = await clientOf(() => source);
    const [connection] = app.connections;
    client.send('{"event":"e","id":1}');
    source.give('one');
    await client.receive();
    await settled();
    expect(source.calls).toEqual(['begin', 'next', 'next']);
    await close(client, app, connection!);
    await client.closed;
    source.give('two');
    await settled();
    expect(source.calls).toEqual(['begin', 'next', 'next', 'return']);
    expect(app.log.lines).toEqual([]);
  });

  test('the finally of a generator runs', async () => {
    const ended = deferred();
    const { app, client } = await clientOf(async function* () {
      try {
        for (let i = 0; ; i++) yield i;
      } finally {
        ended.resolve();
      }
    });
    client.emit('e');
    await client.receive();
    await client.close();
    await ended.promise;
    expect(app.log.lines).toEqual([]);
  });

  test('those that wait for a place are told too, and nobody begins to work for nothing', async () => {
    const sources: Source[] = [];
    const { client } = await clientOf(() => {
      const source = new Source();
      sources.push(source);
      return source;
    });
    for (let i = 0; i < 66; i++) client.emit('e');
    await settled();
    expect(sources).toHaveLength(65);
    expect(sources.filter(({ calls }) => calls.length > 0)).toHaveLength(64);
    await client.close();
    await settled();
    expect(sources.map(({ calls }) => calls.at(-1))).toEqual(sources.map(() => 'return'));
    expect(sources[64]!.calls).not.toContain('next');
  });
});

test('64 of one connection run at once; connections have places of their own', async () => {
  const sources: Source[] = [];
  const { app, client } = await clientOf(() => {
    const source = new Source();
    sources.push(source);
    return source;
  });
  const other = await app.connect('/');
  for (let i = 0; i < 65; i++) client.emit('e');
  const last = client.request('probe');
  await settled();
  expect(await other.request('probe')).toBe('nothing before');
  other.emit('e');
  await settled();
  expect(sources.map(({ calls }) => calls.length > 0)).toEqual([...Array<boolean>(64).fill(true), false, true]);
  sources[10]!.next = async () => ({ value: undefined, done: true });
  sources[10]!.give('the last item of this one');
  expect(await client.receive()).toBe('{"event":"e","data":"the last item of this one"}');
  expect(await last).toBe('nothing before');
  expect(sources[64]!.calls).toEqual(['begin', 'next']);
});

test('the next item is asked for when the peer has taken what was sent', async () => {
  const sent: unknown[] = [];
  const waits: (() => void)[] = [];
  const connection = {
    codec: new JsonCodec(),
    signal: new AbortController().signal,
    state: 'open',
    send: (message: string) => sent.push(message),
    own: (given: unknown) => given,
    drained: () => {
      const wait = deferred();
      waits.push(wait.resolve);
      return wait.promise;
    },
  } as unknown as Connection;
  const source = new Source();
  source.give('a', 'b');
  await replyLater(connection, source, { event: 'e', id: undefined }, () => {});
  await settled();
  expect(source.calls).toEqual(['begin', 'next']);
  expect(sent).toEqual(['{"event":"e","data":"a"}']);
  waits[0]!();
  await settled();
  expect(source.calls).toEqual(['begin', 'next', 'next']);
  expect(sent).toEqual(['{"event":"e","data":"a"}', '{"event":"e","data":"b"}']);
});
