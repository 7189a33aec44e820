import { Connection, OnClose, OnMessage, OnOpen, WebSocketPath } from '../../src';
import { deferred } from '../support/engine';
import { serve, settled } from '../support/serve';

/** Notes when each of its handlers begins, and lets each go on when it is told to. */
function gated(concurrency?: number) {
  const begun: string[] = [];
  const gates = new Map<string, () => void>();
  const wait = (name: string): Promise<string> => {
    begun.push(name);
    const gate = deferred();
    gates.set(name, gate.resolve);
    return gate.promise.then(() => name);
  };
  @WebSocketPath('/', concurrency === undefined ? {} : { concurrency })
  class Controller {
    @OnMessage('wait')
    event(name: string): Promise<string> {
      return wait(name);
    }
    @OnMessage('now')
    now(name: string): string {
      begun.push(name);
      return name;
    }
    @OnMessage()
    text(name: string): Promise<string> {
      return wait(name);
    }
    @OnMessage()
    binary(name: Buffer): Promise<string> {
      return wait(name.toString());
    }
  }
  const finish = async (name: string): Promise<void> => {
    gates.get(name)!();
    await settled();
  };
  return { Controller, begun, finish };
}

test('messages of one connection are handled one at a time and in order, events and others alike', async () => {
  const { Controller, begun, finish } = gated();
  const client = await (await serve([Controller])).connect('/');
  client.emit('wait', 'a');
  client.send('b');
  client.send(Buffer.from('c'));
  client.emit('now', 'd');
  client.emit('unknown');
  await settled();
  expect(begun).toEqual(['a']);
  await finish('a');
  expect(begun).toEqual(['a', 'b']);
  await finish('b');
  expect(begun).toEqual(['a', 'b', 'c']);
  await finish('c');
  expect(begun).toEqual(['a', 'b', 'c', 'd', '{"event":"unknown"}']);
  expect(await client.receive()).toBe('{"event":"wait","data":"a"}');
  expect(await client.receive()).toBe('b');
  expect(await client.receive()).toBe('c');
  expect(await client.receive()).toBe('{"event":"now","data":"d"}');
  await finish('{"event":"unknown"}');
  expect(await client.receive()).toBe('{"event":"unknown"}');
});

test('connections do not wait for each other', async () => {
  const { Controller, finish } = gated();
  const app = await serve([Controller]);
  const [slow, quick] = [await app.connect('/'), await app.connect('/')];
  slow.emit('wait', 'a');
  expect(await quick.request('now', 'b')).toBe('b');
  await finish('a');
  expect(await slow.receive()).toBe('{"event":"wait","data":"a"}');
});

test('with a concurrency of 3, three are at work at once, begun in order; replies go as they come', async () => {
  const { Controller, begun, finish } = gated(3);
  const client = await (await serve([Controller])).connect('/');
  for (const name of ['a', 'b', 'c', 'd', 'e']) client.emit('wait', name);
  client.emit('now', 'f');
  await settled();
  expect(begun).toEqual(['a', 'b', 'c']);
  await finish('b');
  expect(begun).toEqual(['a', 'b', 'c', 'd']);
  await finish('c');
  await finish('a');
  expect(begun).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  for (const name of ['b', 'c', 'a']) expect(await client.receive()).toBe(`{"event":"wait","data":"${name}"}`);
  expect(await client.receive()).toBe('{"event":"now","data":"f"}');
  await finish('e');
  await finish('d');
  for (const name of ['e', 'd']) expect(await client.receive()).toBe(`{"event":"wait","data":"${name}"}`);
});

test.each([1, 3])(
  'no message is handled before @OnOpen has settled, whatever the concurrency (%i)',
  async (concurrency) => {
    const opening = deferred();
    const begun: string[] = [];
    @WebSocketPath('/', { concurrency })
    class Controller {
      @OnOpen()
      async open(): Promise<string> {
        begun.push('open');
        await opening.promise;
        return 'welcome';
      }
      @OnMessage()
      text(message: string): string {
        begun.push(message);
        return message;
      }
      @OnMessage('e')
      event(): void {
        begun.push('event');
      }
    }
    const client = await (await serve([Controller])).connect('/');
    client.send('first');
    client.emit('e');
    await settled();
    expect(begun).toEqual(['open']);
    opening.resolve();
    expect(await client.receive()).toBe('welcome');
    expect(await client.receive()).toBe('first');
    await settled();
    expect(begun).toEqual(['open', 'first', 'event']);
  },
);

test('@OnClose comes after the last message was handled', async () => {
  const { Controller, begun, finish } = gated();
  @WebSocketPath('/')
  class Closing extends Controller {
    @OnClose()
    bye(): void {
      begun.push('closed');
    }
  }
  const client = await (await serve([Closing])).connect('/');
  client.send('a');
  client.send('b');
  await client.close(1000);
  await settled();
  expect(begun).toEqual(['a']);
  await finish('a');
  await finish('b');
  expect(begun).toEqual(['a', 'b', 'closed']);
});

describe('a handler that asks the peer', () => {
  @WebSocketPath('/')
  class Asking {
    @OnMessage('ask')
    async ask(timeoutMs: number, connection: Connection): Promise<unknown> {
      return connection.request('name?', undefined, { timeoutMs });
    }
    @OnMessage('echo')
    echo(data: string): string {
      return data;
    }
  }

  test('gets the answer, which passes the messages that wait', async () => {
    const client = await (await serve([Asking])).connect('/');
    const asked = client.request('ask', 1000);
    const waiting = Array.from({ length: 100 }, (_, i) => client.request('echo', String(i)));
    client.respond(await client.receiveEvent('name?'), 'joe');
    expect(await asked).toBe('joe');
    expect(await Promise.all(waiting)).toEqual(Array.from({ length: 100 }, (_, i) => String(i)));
  });

  test('fails with the error that the peer answers', async () => {
    const app = await serve([Asking]);
    const client = await app.connect('/');
    const asked = client.request('ask', 1000);
    const { event, id } = await client.receiveEvent('name?');
    client.send(JSON.stringify({ event, id, error: { code: 'shy', message: 'I do not say' } }));
    await expect(asked).rejects.toMatchObject({ code: 'shy', message: 'I do not say' });
    expect(app.log.lines).toEqual([]);
  });

  test('fails with timeout; the answer that comes too late, or twice, is ignored', async () => {
    const app = await serve([Asking]);
    const client = await app.connect('/');
    const asked = client.request('ask', 1000);
    const late = await client.receiveEvent('name?');
    await app.advance(999);
    const other = client.request('echo', 'waits');
    await app.advance(1);
    await expect(asked).rejects.toMatchObject({ code: 'timeout' });
    expect(await other).toBe('waits');
    client.respond(late, 'joe');
    client.respond(late, 'joe');
    expect(await client.request('echo', 'next')).toBe('next');
    const again = client.request('ask', 1000);
    client.respond(await client.receiveEvent('name?'), 'joe again');
    expect(await again).toBe('joe again');
    expect(app.log.lines).toEqual([]);
  });

  test('fails when the connection closes', async () => {
    const failed = deferred<unknown>();
    @WebSocketPath('/')
    class Controller {
      @OnMessage()
      async ask(connection: Connection): Promise<void> {
        await connection.request('name?').catch(failed.resolve);
      }
    }
    const client = await (await serve([Controller])).connect('/');
    client.send('x');
    await client.receiveEvent('name?');
    await client.close();
    expect(await failed.promise).toMatchObject({ name: 'ConnectionClosedError' });
  });
});

test.each([
  ['an event of ours', '{"event":"echo","data":"x","id":"s:1"}'],
  ['an unknown event', '{"event":"nope","id":"s:9"}'],
  ['an error', '{"event":"echo","error":{"code":"c","message":"m"},"id":"s:1"}'],
])('%s with an id of the server’s is an answer that nobody waits for, never a request', async (_what, message) => {
  const called = jest.fn();
  @WebSocketPath('/')
  class Controller {
    @OnMessage('echo')
    echo(data: string): string {
      called(data);
      return data;
    }
    @OnMessage()
    text(rest: string): string {
      called(rest);
      return rest;
    }
  }
  const client = await (await serve([Controller])).connect('/');
  client.send(message);
  expect(await client.request('echo', 'probe')).toBe('probe');
  expect(called.mock.calls).toEqual([['probe']]);
});
