import {
  CloseInfo,
  Connection,
  MessageBody,
  OnClose,
  OnMessage,
  OnPong,
  OnUpgrade,
  PortalError,
  WebSocketPath,
  type Acceptance,
  type Envelope,
} from '../../src';
import { deferred } from '../support/engine';
import { serve, settled } from '../support/serve';

const closes: CloseInfo[] = [];

@WebSocketPath('/', { protocols: ['a', 'b'] })
class Everything {
  @OnMessage()
  text(message: string): string {
    return `${message}!`;
  }
  @OnMessage()
  binary(message: Uint8Array): Uint8Array {
    return message;
  }
  @OnMessage('echo')
  echo(@MessageBody() data: unknown): unknown {
    return data;
  }
  @OnMessage('count')
  async *count(n: number): AsyncGenerator<number> {
    for (let i = 0; i < n; i++) yield i;
  }
  @OnMessage('fail')
  fail(): never {
    throw new PortalError('mine', 'of my own', { details: [1] });
  }
  @OnMessage('stuck')
  stuck(): Promise<never> {
    return new Promise(() => {});
  }
  @OnMessage('ask')
  ask(event: string, connection: Connection): Promise<unknown> {
    return connection.request(event, { a: 1 });
  }
  @OnMessage('ping')
  ping(connection: Connection): Promise<number> {
    return connection.ping('payload');
  }
  @OnMessage('stream')
  stream(connection: Connection): Promise<void> {
    return connection.sendStream(['a'.repeat(70_000), '', 'é', 'z']);
  }
  @OnClose()
  bye(close: CloseInfo): void {
    closes.push(close);
  }
}

const opened = async (options = {}) => {
  const app = await serve([Everything]);
  const client = await app.connect('/', options);
  const [connection] = app.connections;
  return { app, client, connection: connection! };
};

beforeEach(() => void closes.splice(0));

describe('protocol', () => {
  test.each([
    [undefined, ''],
    [['c'], ''],
    [['c', 'b', 'a'], 'b'],
  ])('of those offered, %j, it is the one agreed on', async (protocols, expected) => {
    const { client } = await opened(protocols && { protocols });
    expect(client.protocol).toBe(expected);
  });

  test('is the one that @OnUpgrade chose', async () => {
    @WebSocketPath('/')
    class Choosing {
      @OnUpgrade()
      choose(): Acceptance {
        return { protocol: 'second' };
      }
      @OnMessage()
      any(): void {}
    }
    const client = await (await serve([Choosing])).connect('/', { protocols: ['first', 'second'] });
    expect(client.protocol).toBe('second');
  });
});

describe('send and receive', () => {
  test.each<[string, string | Uint8Array, string | Buffer]>([
    ['text', 'hé', 'hé!'],
    ['an empty text', '', '!'],
    ['a text of 100,000 characters', 'é'.repeat(100_000), `${'é'.repeat(100_000)}!`],
    ['bytes', new Uint8Array([0, 255]), Buffer.from([0, 255])],
    ['no bytes', new Uint8Array(), Buffer.alloc(0)],
    ['a megabyte', Buffer.alloc(1024 * 1024, 'x'), Buffer.alloc(1024 * 1024, 'x')],
  ])('%s', async (_what, message, reply) => {
    const { client } = await opened();
    client.send(message);
    const received = await client.receive();
    expect(typeof received).toBe(typeof reply);
    expect(Buffer.from(received as Buffer).equals(Buffer.from(reply))).toBe(true);
  });

  test('messages come in the order in which they were sent, to present and later readers', async () => {
    const { client } = await opened();
    const waiting = [client.receive(), client.receive()];
    for (const message of ['1', '2', '3']) client.send(message);
    expect(await Promise.all(waiting)).toEqual(['1!', '2!']);
    expect(await client.receive()).toBe('3!');
  });

  test('a message in fragments is one message', async () => {
    const { client } = await opened();
    client.emit('stream');
    expect(await client.receive()).toBe(`${'a'.repeat(70_000)}éz`);
  });
});

describe('emit and receiveEvent', () => {
  test('events are in the codec of the path', async () => {
    const { client } = await opened();
    client.emit('echo', { a: 1 });
    expect(await client.receiveEvent()).toEqual({ event: 'echo', data: { a: 1 } });
    client.emit('echo');
    client.emit('echo', 'after');
    expect(await client.receiveEvent()).toEqual({ event: 'echo', data: 'after' });
  });

  test('an event of one name leaves other messages to be received', async () => {
    const { client, connection } = await opened();
    const wanted = client.receiveEvent('wanted');
    connection.send('text');
    connection.emit('other', 1);
    connection.emit('wanted', 2);
    connection.send(Buffer.from('binary'));
    expect(await wanted).toEqual({ event: 'wanted', data: 2 });
    expect(await client.receiveEvent()).toEqual({ event: 'other', data: 1 });
    expect(await client.receive()).toBe('text');
    expect(await client.receive()).toEqual(Buffer.from('binary'));
  });

  test('messages that are not objects are not events', async () => {
    const { client, connection } = await opened();
    for (const message of ['null', '7', '"wanted"', '{']) connection.send(message);
    connection.send('{"error":{"code":"c","message":"m"}}');
    expect(await client.receiveEvent()).toEqual({ error: { code: 'c', message: 'm' } });
    expect(await client.receive()).toBe('null');
  });

  test('events() gives them as they come, and ends when the connection does', async () => {
    const { client, connection } = await opened();
    const seen: Envelope[] = [];
    const all = (async () => {
      for await (const envelope of client.events()) seen.push(envelope);
    })();
    connection.emit('a', 1);
    connection.send('no event');
    connection.emit('b');
    await settled();
    expect(seen).toEqual([{ event: 'a', data: 1 }, { event: 'b' }]);
    connection.emit('c');
    await client.close();
    await all;
    expect(seen.at(-1)).toEqual({ event: 'c' });
    expect(await client.receive()).toBe('no event');
  });
});

describe('request', () => {
  test('resolves with the data, each request with its own, and leaves other messages alone', async () => {
    const { client, connection } = await opened();
    const answers = [1, null, [2], 'x'].map((data) => client.request('echo', data));
    connection.send('between');
    expect(await Promise.all(answers)).toEqual([1, null, [2], 'x']);
    expect(await client.receive()).toBe('between');
  });

  test('resolves with all items of an iterable, also with none', async () => {
    const { client } = await opened();
    expect(await Promise.all([3, 0].map((n) => client.request('count', n)))).toEqual([[0, 1, 2], []]);
  });

  test('rejects with the error of the answer', async () => {
    const { client } = await opened();
    const failed = client.request('fail');
    await expect(failed).rejects.toBeInstanceOf(PortalError);
    await expect(failed).rejects.toMatchObject({ code: 'mine', message: 'of my own', details: [1] });
  });

  test('rejects when the connection closes, and nobody needs to handle that', async () => {
    const { app, client, connection } = await opened();
    const stuck = client.request('stuck');
    void client.request('stuck');
    connection.terminate();
    await expect(stuck).rejects.toThrow('the connection was closed with 1006');
    await app.advance(5000);
  });
});

describe('respond', () => {
  test.each<[string, unknown[], unknown]>([
    ['data', [{ name: 'joe' }], { name: 'joe' }],
    ['false', [false], false],
    ['nothing, which is null', [], null],
  ])('answers a request of the server with %s', async (_what, data, answer) => {
    const { client } = await opened();
    const asked = client.request('ask', 'name?');
    const question = await client.receiveEvent('name?');
    expect(question).toEqual({ event: 'name?', data: { a: 1 }, id: 's:1' });
    client.respond(question, ...data);
    expect(await asked).toEqual(answer);
  });

  test.each<[string, Envelope]>([
    ['an event', { event: 'e', data: 1 }],
    ['an answer to a request of the client', { event: 'e', id: 1 }],
    ['an id that is no server’s', { event: 'e', id: 'x' }],
  ])('%s is no request of the server', async (_what, envelope) => {
    const { client } = await opened();
    expect(() => client.respond(envelope)).toThrow(new TypeError('this is no request of the server'));
  });
});

test('pings are answered, with their payload', async () => {
  const pongs: string[] = [];
  @WebSocketPath('/pong')
  class Pong {
    @OnPong()
    pong(payload: Buffer): void {
      pongs.push(payload.toString());
    }
    @OnMessage()
    ping(connection: Connection): void {
      void connection.ping('payload');
    }
  }
  const app = await serve([Everything, Pong]);
  expect(await (await app.connect('/')).request('ping')).toBe(0);
  (await app.connect('/pong')).send('x');
  await settled();
  expect(pongs).toEqual(['payload']);
});

describe('closing', () => {
  test.each<[string, [number?, string?], Partial<CloseInfo>, Partial<CloseInfo>]>([
    ['with a code and a reason', [3000, 'höre auf'], { code: 3000, reason: 'höre auf' }, { code: 3000, reason: '' }],
    ['with a code', [1000], { code: 1000, reason: '' }, { code: 1000, reason: '' }],
    ['without a code', [], { code: 1005, reason: '' }, { code: 1005, reason: '' }],
  ])('close %s tells the server, and resolves with what it answers', async (_how, args, heard, answered) => {
    const { client, app } = await opened();
    const info = await client.close(...args);
    expect(info).toEqual({ ...answered, clean: true });
    expect(await client.closed).toEqual(info);
    expect(await client.close(3001)).toEqual(info);
    await settled();
    expect(closes).toEqual([{ ...heard, clean: true }]);
    expect(app.connections.size).toBe(0);
  });

  test.each<[string, [number, string?]]>([
    ['a code that may not be sent', [1006]],
    ['a reason that is too long', [1000, 'x'.repeat(124)]],
  ])('%s is refused', async (_what, args) => {
    const { client } = await opened();
    expect(() => client.close(...args)).toThrow(RangeError);
    client.send('still open');
    expect(await client.receive()).toBe('still open!');
  });

  test('closed has the code of the server, which gets it back', async () => {
    const { client, connection } = await opened();
    const closed = connection.close(4001, 'enough');
    expect(await client.closed).toEqual({ code: 4001, reason: 'enough', clean: true });
    expect(await closed).toEqual({ code: 4001, reason: '', clean: true });
  });

  test('closed is 1006 when the server sends no Close frame', async () => {
    const { client, connection } = await opened();
    connection.terminate();
    expect(await client.closed).toEqual({ code: 1006, reason: '', clean: false });
  });

  test('afterwards earlier messages can still be received, later ones cannot, and sends go nowhere', async () => {
    const { client, connection } = await opened();
    connection.send('last words');
    const waiting = client.receiveEvent('never');
    void connection.close(1001, 'going away');
    await client.closed;
    await expect(waiting).rejects.toThrow('the connection was closed with 1001 going away');
    expect(await client.receive()).toBe('last words');
    await expect(client.receive()).rejects.toThrow('the connection was closed with 1001 going away');
    client.send('into the void');
    client.emit('echo', 1);
    expect((await client.close()).code).toBe(1001);
  });

  test('a message that the server sends while it waits for the Close frame still arrives', async () => {
    const gate = deferred();
    @WebSocketPath('/')
    class Slow {
      @OnMessage()
      async text(message: string): Promise<string> {
        await gate.promise;
        return message;
      }
    }
    const app = await serve([Slow]);
    const client = await app.connect('/');
    client.send('answer me');
    await settled();
    const closing = app.close();
    gate.resolve();
    expect(await client.receive()).toBe('answer me');
    expect((await client.closed).code).toBe(1001);
    await closing;
  });
});

describe('after the end, request rejects', () => {
  const gone = /^the connection was closed with/;

  test('when the client has closed', async () => {
    const { client } = await opened();
    await client.close();
    await expect(client.request('echo', 1)).rejects.toThrow(gone);
  });

  test('when the server has closed', async () => {
    const { client, connection } = await opened();
    void connection.close(4001, 'enough');
    await client.closed;
    await expect(client.request('echo', 1)).rejects.toThrow('the connection was closed with 4001 enough');
  });

  test('when the connection was cut', async () => {
    const { client, connection } = await opened();
    connection.terminate();
    await client.closed;
    await expect(client.request('echo', 1)).rejects.toThrow(gone);
  });

  test('when the application has ended', async () => {
    const { app, client } = await opened();
    await app.close();
    await expect(client.request('echo', 1)).rejects.toThrow(gone);
  });

  test('when it is made during the close', async () => {
    const { client } = await opened();
    const closing = client.close();
    await expect(client.request('echo', 1)).rejects.toThrow(gone);
    await closing;
  });
});

test('data that cannot be encoded rejects the request, and leaves the connection as it was', async () => {
  const { client } = await opened();
  await expect(client.request('echo', 1n)).rejects.toThrow(TypeError);
  expect(await client.request('echo', 1)).toBe(1);
});
