import { createServer } from 'node:http';
import { createServer as createTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTls } from 'node:tls';
import { close, text } from '../../support/frames';
import { Engine } from '../../../src/engine';
import { deferred, echo } from '../../support/engine';
import { attached, KINDS, opened, stateOf } from '../../support/foreign';
import { ManualClock } from '../../support/manual-clock';
import type { RawClient } from '../../support/raw-client';

const chat = { ...echo, path: '/chat' };

/** Answers a Close frame as clients do. */
function sayGoodBye(client: RawClient<Duplex>): void {
  client.write(close(1001));
  client.socket.end();
}

/** An endpoint that sends its name as soon as it is open. */
const named = (path: string, name: string) => ({
  path,
  open: (connection: { send(m: string): unknown }) => void connection.send(name),
});

describe.each(Object.entries(KINDS))('a server of %s', (_name, kind) => {
  async function enter(server: Awaited<ReturnType<typeof created>>, path: string) {
    const { status, client } = await kind.ask(server, path);
    expect(status).toBe(kind.accepted);
    return client;
  }

  const created = () => opened(kind.create());

  async function heard(server: Awaited<ReturnType<typeof created>>, path: string): Promise<string> {
    return (await (await enter(server, path)).frame()).payload.toString();
  }

  test('WebSockets on our paths are served, plain requests go on to whom they belong', async () => {
    const server = await created();
    attached(server, [chat]);
    const client = await enter(server, '/chat');
    client.write(text('hello'));
    expect((await client.frame()).payload.toString()).toBe('hello');
    expect(await kind.get(server, '/chat')).toBe('plain /chat');
    expect(await kind.get(server, '/other')).toBe('plain /other');
  });

  test.each(['before', 'after'])('who destroys all upgrades, there %s us, does not destroy ours', async (order) => {
    const server = await created();
    const listen = (): void => void server.on('upgrade', (_request: unknown, socket: Duplex) => void socket.destroy());
    if (order === 'before') listen();
    attached(server, [chat]);
    if (order === 'after') listen();
    const client = await enter(server, '/chat');
    client.write(text('hello'));
    expect((await client.frame()).payload.toString()).toBe('hello');
  });

  test('it may begin to listen later', async () => {
    const server = kind.create();
    attached(server, [named('/chat', 'early')]);
    await opened(server);
    expect(await heard(server, '/chat')).toBe('early');
  });

  test.each([
    ['/nothing', 404, 'No WebSocket is served at this path.'],
    ['/%zz', 400, 'The request target is malformed.'],
  ])('where nobody else listens, %s gets %i and the connection ends', async (path, status, body) => {
    const server = await created();
    attached(server, [chat]);
    const answer = await kind.ask(server, path);
    expect(answer).toMatchObject({ status, body });
    await answer.client.end();
  });

  test('a hook refuses in its own time, with status, headers and body; then the connection ends', async () => {
    const server = await created();
    const verdict = deferred<never>();
    attached(server, [{ ...chat, upgrade: () => verdict.promise }]);
    const asked = kind.ask(server, '/chat');
    verdict.reject(new Error('no'));
    const { status, client } = await asked;
    expect(status).toBe(500);
    await client.end();
  });

  test('a page of another host gets 403', async () => {
    const server = await created();
    attached(server, [chat]);
    expect((await kind.ask(server, '/chat', { origin: 'https://evil.example' })).status).toBe(403);
  });

  test('a hook that takes too long is answered with 408', async () => {
    const server = await created();
    const clock = new ManualClock();
    const asked = deferred();
    const upgrade = () => {
      asked.resolve();
      return new Promise<undefined>(() => {});
    };
    attached(server, [{ ...chat, upgrade }], { clock, limits: { handshakeTimeoutMs: 3000 } });
    const answer = kind.ask(server, '/chat');
    await asked.promise;
    clock.advance(2999);
    clock.advance(1);
    const { status, client } = await answer;
    expect(status).toBe(408);
    await client.end();
  });

  describe('two applications', () => {
    test('have their own paths; of the same path the first has it', async () => {
      const server = await created();
      attached(server, [named('/a', 'first a'), named('/both', 'first')]);
      attached(server, [named('/b', 'second b'), named('/both', 'second')]);
      expect(await heard(server, '/a')).toBe('first a');
      expect(await heard(server, '/b')).toBe('second b');
      expect(await heard(server, '/both')).toBe('first');
      const { status, client } = await kind.ask(server, '/c');
      expect(status).toBe(404);
      await client.end();
    });

    test.each(['detached', 'closed'])('when the first is %s the second has the path', async (how) => {
      const server = await created();
      const first = attached(server, [named('/a', 'first a'), named('/both', 'first')]);
      attached(server, [named('/b', 'second b'), named('/both', 'second')]);
      if (how === 'closed') await first.engine.close();
      else first.detach();
      expect(await heard(server, '/both')).toBe('second');
      expect(await heard(server, '/b')).toBe('second b');
      expect((await kind.ask(server, '/a')).status).toBe(404);
    });

    test('when the second is detached the first goes on', async () => {
      const server = await created();
      attached(server, [named('/a', 'first a')]);
      attached(server, [named('/b', 'second b')]).detach();
      expect(await heard(server, '/a')).toBe('first a');
      expect((await kind.ask(server, '/b')).status).toBe(404);
    });

    test('leave the server as it was, whoever goes last', async () => {
      const server = await created();
      const before = stateOf(server);
      for (const order of [
        [0, 1],
        [1, 0],
      ]) {
        const both = [attached(server, [chat]), attached(server, [chat])];
        expect(stateOf(server)).not.toEqual(before);
        for (const index of order) both[index]!.detach();
        expect(stateOf(server)).toEqual(before);
      }
    });
  });

  describe('detaching', () => {
    test('leaves the server as it was', async () => {
      const server = await created();
      const before = stateOf(server);
      const { engine, detach } = attached(server, [chat]);
      detach();
      expect(stateOf(server)).toEqual(before);
      expect(engine.attached).toBe(false);
      detach();
      expect(stateOf(server)).toEqual(before);
      expect(await kind.get(server, '/chat')).toBe('plain /chat');
    });

    test('leaves open connections alone; close() ends them', async () => {
      const server = await created();
      const { engine, detach } = attached(server, [chat]);
      const client = await enter(server, '/chat');
      detach();
      client.write(text('still here'));
      expect((await client.frame()).payload.toString()).toBe('still here');
      const closing = engine.close();
      expect(await client.closeFrame()).toEqual({ code: 1001, reason: 'going away' });
      sayGoodBye(client);
      await closing;
    });

    test('leaves handshakes that are being decided alone', async () => {
      const server = await created();
      const [asked, verdict] = [deferred(), deferred<undefined>()];
      const upgrade = () => {
        asked.resolve();
        return verdict.promise;
      };
      const { detach } = attached(server, [{ ...chat, upgrade }]);
      const answer = kind.ask(server, '/chat');
      await asked.promise;
      detach();
      verdict.resolve(undefined);
      expect((await answer).status).toBe(kind.accepted);
    });
  });

  describe('close()', () => {
    test('closes connections with 1001 and leaves the server, which goes on', async () => {
      const server = await created();
      const before = stateOf(server);
      const { engine } = attached(server, [chat]);
      const client = await enter(server, '/chat');
      const closing = engine.close();
      expect(await client.closeFrame()).toEqual({ code: 1001, reason: 'going away' });
      sayGoodBye(client);
      await closing;
      expect(server.listening).toBe(true);
      expect(await kind.get(server, '/page')).toBe('plain /page');
      expect(stateOf(server)).toEqual(before);
    });

    test('refuses handshakes that are being decided with 503', async () => {
      const server = await created();
      const asked = deferred();
      const upgrade = () => {
        asked.resolve();
        return new Promise<undefined>(() => {});
      };
      const { engine } = attached(server, [{ ...chat, upgrade }]);
      const answer = kind.ask(server, '/chat');
      await asked.promise;
      const closing = engine.close();
      expect((await answer).status).toBe(503);
      await closing;
    });

    test('may be followed by attaching again', async () => {
      const server = await created();
      const { engine } = attached(server, [named('/chat', 'again')]);
      await engine.close();
      engine.attach(server);
      expect(await heard(server, '/chat')).toBe('again');
    });

    test('after the owner has closed the server', async () => {
      const server = await created();
      const { engine } = attached(server, [chat]);
      const client = await enter(server, '/chat');
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const closing = engine.close();
      expect((await client.closeFrame()).code).toBe(1001);
      sayGoodBye(client);
      await closing;
      client.destroy();
      if (kind.accepted === 101) await closed;
    });

    test('with a server that never listened', async () => {
      const server = kind.create();
      const { engine } = attached(server, [chat]);
      await engine.close();
      expect(engine.attached).toBe(false);
    });
  });

  test('a second time is a mistake, and changes nothing', async () => {
    const server = await created();
    const { engine } = attached(server, [named('/chat', 'once')]);
    const before = stateOf(server);
    expect(() => engine.attach(server)).toThrow('it is attached to this server already');
    expect(stateOf(server)).toEqual(before);
    expect(await heard(server, '/chat')).toBe('once');
  });
});

test('one application at several servers: closing leaves them all', async () => {
  const kinds = Object.values(KINDS);
  const servers = await Promise.all(kinds.map((kind) => opened(kind.create())));
  const before = servers.map(stateOf);
  const { engine } = attached(servers[0]!, [named('/chat', 'hi')]);
  for (const server of servers.slice(1)) engine.attach(server);
  const statuses = await Promise.all(kinds.map((kind, index) => kind.ask(servers[index]!, '/chat')));
  expect(statuses.map(({ status }) => status)).toEqual(kinds.map(({ accepted }) => accepted));
  for (const { client } of statuses) client.destroy();
  await engine.close();
  expect(servers.map(stateOf)).toEqual(before);
});

test('the way back from an earlier time leaves the next one alone', () => {
  const server = createServer();
  const { engine, detach } = attached(server, [chat]);
  detach();
  engine.attach(server);
  detach();
  expect(engine.attached).toBe(true);
  expect(server.listenerCount('upgrade')).toBe(1);
});

test.each([
  ['nothing', undefined],
  ['a server of node:net', createTcp()],
  ['a server of node:tls', createTls()],
  ['a port', 5005],
  ['an application of Express', Object.assign(() => {}, { on() {}, listen() {}, handle() {} })],
  ['something that holds a server', { server: createServer() }],
])('%s is no server to attach to', (_name, thing) => {
  const engine = new Engine();
  expect(() => engine.attach(thing as never)).toThrow(
    new TypeError(
      'attach() takes a server of node:http, node:https or node:http2: what listen() of Express returns, the property server of Fastify, what serve() of Hono returns',
    ),
  );
  expect(engine.attached).toBe(false);
});
