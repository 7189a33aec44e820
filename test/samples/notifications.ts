import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { WebSocket } from 'ws';
import { Accounts } from '../../samples/attach/accounts';
import { MAX_KEPT, Notifications } from '../../samples/attach/notifications';
import { MAX_BODY_BYTES } from '../../samples/attach/requests';
import type { Running, Settings } from '../../samples/attach/serving';
import { Tokens, TokenSecret } from '../../samples/guards/tokens';
import { MemoryLogger, TestClient } from '../support/app';
import { compileSamples } from './compiled';

type Start = (port: number, settings: Settings) => Promise<Running>;

interface Answer {
  status: number;
  body: unknown;
  /** `Set-Cookie`. */
  cookie: string | undefined;
}

const PASSWORDS = { ann: 'the password of ann', bob: 'the password of bob' };

/** The tests that the samples of all frameworks pass; the sample is in `folder`. */
export function keepsNotifications(folder: string, start: Start): void {
  let running: Running;
  let settings: Settings;
  let logger: MemoryLogger;

  beforeEach(async () => {
    const accounts = new Accounts();
    await accounts.add('ann', 'editor', PASSWORDS.ann);
    await accounts.add('bob', 'reader', PASSWORDS.bob);
    logger = new MemoryLogger();
    settings = { accounts, secret: TokenSecret.random(), logger };
    running = await start(0, settings);
  });

  afterEach(async () => {
    await running.close();
    expect(logger.errors).toEqual([]);
  });

  async function ask(method: string, path: string, body?: unknown, cookie = ''): Promise<Answer> {
    const headers = { cookie, ...(body !== undefined && { 'content-type': 'application/json' }) };
    const payload = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
    const answer = await fetch(running.url + path, {
      method,
      headers,
      ...(payload !== undefined && { body: payload }),
    });
    const said = await answer.text();
    return {
      status: answer.status,
      body: said === '' ? undefined : (JSON.parse(said) as unknown),
      cookie: answer.headers.getSetCookie()[0],
    };
  }

  async function logIn(user: keyof typeof PASSWORDS): Promise<string> {
    const { status, cookie } = await ask('POST', '/login', { user, password: PASSWORDS[user] });
    expect(status).toBe(204);
    return cookie!.split(';')[0]!;
  }

  const wsUrl = (): string => `${running.url.replace('http', 'ws')}/notifications`;

  /** A client that listens, and its greeting. */
  async function listen(cookie: string) {
    const client = new TestClient(new WebSocket(wsUrl(), { headers: { cookie } }));
    const greeting = JSON.parse((await client.receive()) as string) as { event: string; data: { text: string }[] };
    expect(greeting.event).toBe('notifications.unread');
    const receive = async (): Promise<unknown> => JSON.parse((await client.receive()) as string);
    const request = async (event: string, data?: unknown): Promise<unknown> => {
      client.send(JSON.stringify({ event, data, id: 1 }));
      return receive();
    };
    return { client, unread: greeting.data, receive, request };
  }

  async function refusalOf(headers: Record<string, string>): Promise<number | undefined> {
    const socket = new WebSocket(wsUrl(), { headers }).on('error', () => {});
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode?: number }];
    socket.terminate();
    return response.statusCode;
  }

  describe('logging in', () => {
    test('gives a cookie that no script reads and no other site sends', async () => {
      const { status, cookie } = await ask('POST', '/login', { user: 'ann', password: PASSWORDS.ann });
      expect(status).toBe(204);
      expect(cookie).toMatch(
        /^session=ann\.editor\.\d+\.[\w-]+; Max-Age=28800; Path=\/; HttpOnly; Secure; SameSite=Strict$/,
      );
    });

    test.each([
      ['a wrong password', { user: 'ann', password: PASSWORDS.bob }],
      ['a user whom nobody knows', { user: 'eve', password: PASSWORDS.ann }],
      ['a name that is one of every object', { user: 'constructor', password: PASSWORDS.ann }],
    ])('with %s gets 401', async (_name, body) => {
      const { status, body: answer, cookie } = await ask('POST', '/login', body);
      expect([status, cookie]).toEqual([401, undefined]);
      expect(answer).toEqual({ error: { code: 'unauthorized', message: 'The name or the password is wrong.' } });
    });

    test.each([
      ['no password', { user: 'ann' }, ['password']],
      ['no text as name', { user: { $ne: '' }, password: 'x' }, ['user']],
      ['a password beyond all measure', { user: 'ann', password: 'x'.repeat(201) }, ['password']],
      ['something more', { user: 'ann', password: 'x', role: 'editor' }, ['']],
      ['an array', [], ['']],
    ])('with %s gets 400 and every issue', async (_name, body, paths) => {
      const { status, body: answer } = await ask('POST', '/login', body);
      const { error } = answer as { error: { code: string; details: { path: string }[] } };
      expect([status, error.code, error.details.map(({ path }) => path)]).toEqual([400, 'validation_failed', paths]);
    });
  });

  describe('a request', () => {
    test('that is not JSON gets 400, one that is too large 413', async () => {
      expect(await ask('POST', '/login', '{"user":')).toMatchObject({
        status: 400,
        body: { error: { code: 'malformed_request' } },
      });
      const large = { user: 'ann', password: 'x'.repeat(MAX_BODY_BYTES) };
      expect(await ask('POST', '/login', large)).toMatchObject({
        status: 413,
        body: { error: { code: 'body_too_large' } },
      });
    });

    test('of another type than JSON is refused', async () => {
      const body = JSON.stringify({ user: 'ann', password: PASSWORDS.ann });
      const answer = await fetch(`${running.url}/login`, {
        method: 'POST',
        headers: { 'content-type': 'text/plain' },
        body,
      });
      expect([400, 415]).toContain(answer.status);
      expect(await answer.json()).toHaveProperty('error.code');
    });

    test('to nowhere gets 404', async () => {
      const body = { error: { code: 'not_found', message: 'There is nothing at this path.' } };
      expect(await ask('GET', '/nowhere')).toMatchObject({ status: 404, body });
    });

    test('without a session gets 401', async () => {
      for (const [method, path] of [
        ['GET', '/notifications'],
        ['POST', '/notifications'],
        ['POST', '/logout'],
      ] as const) {
        expect(await ask(method, path, method === 'POST' ? {} : undefined)).toMatchObject({
          status: 401,
          body: { error: { code: 'unauthorized', message: 'Log in first.' } },
        });
      }
    });

    test('that fails by a bug gets 500, without details', async () => {
      const cookie = await logIn('bob');
      const fault = new Error('the database is down');
      const { container } = running.app;
      const of = jest.spyOn(container.resolve(Notifications), 'of').mockImplementation(() => {
        throw fault;
      });
      const log = jest.spyOn(console, 'error').mockImplementation(() => {});
      const answer = await ask('GET', '/notifications', undefined, cookie);
      expect(answer).toMatchObject({
        status: 500,
        body: { error: { code: 'internal_error', message: 'Something went wrong.' } },
      });
      expect(log.mock.calls).toEqual([[fault]]);
      of.mockRestore();
      log.mockRestore();
    });
  });

  describe('a WebSocket', () => {
    test('is open to users who have logged in, on the path of the routes', async () => {
      const cookie = await logIn('bob');
      const { unread } = await listen(`theme=dark; ${cookie}`);
      expect(unread).toEqual([]);
      expect(await ask('GET', '/notifications', undefined, cookie)).toMatchObject({ status: 200, body: [] });
    });

    test('is refused without a session, and with a forged or ended one', async () => {
      const cookie = await logIn('bob');
      const expired = running.app.container.resolve(Tokens).issue('bob', 'reader', -2000);
      expect(await refusalOf({})).toBe(401);
      expect(await refusalOf({ cookie: cookie.replace('reader', 'editor') })).toBe(401);
      expect(await refusalOf({ cookie: `session=${expired}` })).toBe(401);
    });

    test("is refused to another site's page, with any cookie", async () => {
      expect(await refusalOf({ cookie: await logIn('bob'), origin: 'https://evil.example' })).toBe(403);
    });
  });

  describe('a notification', () => {
    const notify = (cookie: string, body: unknown): Promise<Answer> => ask('POST', '/notifications', body, cookie);

    test('that is posted reaches all connections of its user, and nobody else', async () => {
      const [ann, bob] = [await logIn('ann'), await logIn('bob')];
      const [one, two, annas] = [await listen(bob), await listen(bob), await listen(ann)];
      const { status, body } = await notify(ann, { to: 'bob', text: ' lunch? ' });
      expect([status, body]).toEqual([201, { id: 1, delivered: 2 }]);
      const data = { id: 1, from: 'ann', text: 'lunch?', time: expect.stringMatching(/^\d{4}-.*Z$/) as string };
      expect(await one.receive()).toEqual({ event: 'notifications.new', data });
      expect(await two.receive()).toEqual({ event: 'notifications.new', data });
      expect(await annas.request('notifications.list')).toMatchObject({ data: [] });
      expect(await ask('GET', '/notifications', undefined, bob)).toMatchObject({ body: [data] });
    });

    test('waits for an absent user, until it is read', async () => {
      const [ann, bob] = [await logIn('ann'), await logIn('bob')];
      expect((await notify(ann, { to: 'bob', text: 'one' })).body).toEqual({ id: 1, delivered: 0 });
      await notify(ann, { to: 'bob', text: 'two' });
      const { unread, request } = await listen(bob);
      expect(unread.map(({ text }) => text)).toEqual(['one', 'two']);
      expect(await request('notifications.read', { id: 1 })).toEqual({
        event: 'notifications.read',
        data: null,
        id: 1,
      });
      expect(await request('notifications.list')).toMatchObject({ data: [{ text: 'two' }] });
      expect((await listen(bob)).unread).toHaveLength(1);
    });

    test('replaces the oldest when there are too many', async () => {
      const notifications = running.app.container.resolve(Notifications);
      const from = { id: 'ann', role: 'editor', expires: 0 } as const;
      for (let count = 0; count <= MAX_KEPT; count++) notifications.send(from, 'bob', `${count}`);
      const { unread } = await listen(await logIn('bob'));
      expect([unread.length, unread[0]!.text, unread.at(-1)!.text]).toEqual([MAX_KEPT, '1', `${MAX_KEPT}`]);
    });

    test.each([
      ['bob', { to: 'ann', text: 'hi' }, 403, 'forbidden'],
      ['ann', { to: 'eve', text: 'hi' }, 404, 'no_such_user'],
      ['ann', { to: '__proto__', text: 'hi' }, 404, 'no_such_user'],
      ['ann', { to: 'bob', text: '   ' }, 400, 'validation_failed'],
      ['ann', { to: 'bob', text: 'x'.repeat(501) }, 400, 'validation_failed'],
    ] as const)('of %s, %j, gets %i', async (user, body, status, code) => {
      expect(await notify(await logIn(user), body)).toMatchObject({ status, body: { error: { code } } });
    });

    test.each([
      [{ id: 7 }, 'no_such_notification'],
      [{ id: 0 }, 'validation_failed'],
      [{ id: '1' }, 'validation_failed'],
      [{ id: 1, user: 'ann' }, 'validation_failed'],
      [undefined, 'validation_failed'],
    ])('is not read by %j', async (data, code) => {
      const { request } = await listen(await logIn('bob'));
      expect(await request('notifications.read', data)).toMatchObject({
        event: 'notifications.read',
        error: { code },
        id: 1,
      });
    });
  });

  test('logging out ends the WebSockets of that user, and the browser forgets', async () => {
    const [ann, bob] = [await logIn('ann'), await logIn('bob')];
    const [annas, bobs] = [await listen(ann), await listen(bob)];
    const { status, cookie } = await ask('POST', '/logout', {}, bob);
    expect([status, cookie]).toEqual([204, 'session=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict']);
    expect(await bobs.client.closed).toEqual({ code: 1008, reason: 'logged out' });
    expect(await annas.request('notifications.list')).toMatchObject({ data: [] });
  });

  test('a client that leaves is no longer notified', async () => {
    const bob = await logIn('bob');
    const { client } = await listen(bob);
    client.socket.close();
    await client.closed;
    const settled = await listen(bob);
    expect((await ask('POST', '/notifications', { to: 'bob', text: 'x' }, await logIn('ann'))).body).toMatchObject({
      delivered: 1,
    });
    await settled.receive();
  });

  test('closing ends WebSockets with 1001, and then the port is free', async () => {
    const { client } = await listen(await logIn('bob'));
    await running.close();
    expect(await client.closed).toEqual({ code: 1001, reason: 'going away' });
    expect(running.app.connections.size).toBe(0);
    await expect(fetch(running.url)).rejects.toThrow();
  });

  test('a port that is taken fails the start, and leaves nothing', async () => {
    const occupant = createServer().listen(0, 'localhost');
    await once(occupant, 'listening');
    await expect(start((occupant.address() as AddressInfo).port, settings)).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
    occupant.close();
    await once(occupant, 'close');
  });

  describe('as a program of its own', () => {
    const compiled = compileSamples();
    let child: ChildProcessWithoutNullStreams;

    afterEach(() => child.kill('SIGKILL'));
    afterAll(() => compiled.remove());

    const spawnIt = (env: Record<string, string>): void => {
      child = spawn(process.execPath, [compiled.path(`${folder}/start.js`)], {
        env: { ...process.env, ...compiled.env, ...env },
      });
    };

    test.each(['SIGINT', 'SIGTERM'] as const)('%s closes the WebSockets and ends it', async (signal) => {
      spawnIt({ PORT: '0', TOKEN_SECRET: '' });
      const lines: string[] = [];
      for await (const line of createInterface(child.stdout)) if (lines.push(line) === 4) break;
      const url = /http:\S+(?=\/login)/.exec(lines[0]!)![0];
      const password = /^ {2}bob: (\S+)$/.exec(lines[3]!)![1];
      const headers = { 'content-type': 'application/json' };
      const login = await fetch(`${url}/login`, {
        method: 'POST',
        headers,
        body: JSON.stringify({ user: 'bob', password }),
      });
      const cookie = login.headers.getSetCookie()[0]!.split(';')[0]!;
      const client = new TestClient(new WebSocket(/ws:\S+/.exec(lines[1]!)![0], { headers: { cookie } }));
      await client.receive();
      const exited = once(child, 'exit');
      child.kill(signal);
      expect((await client.closed).code).toBe(1001);
      expect(await exited).toEqual([0, null]);
    });

    test.each([
      ['a port that is none', { PORT: 'many' }, /^.*port.*\n$/i],
      [
        'a secret that is too short',
        { PORT: '0', TOKEN_SECRET: 'short' },
        /^the secret of tokens must have at least 32 bytes, not 5\n$/,
      ],
    ])('%s: one line, exit code 1', async (_name, env, line) => {
      spawnIt(env);
      let errors = '';
      child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
      const [code] = (await once(child, 'close')) as [number];
      expect(errors).toMatch(line);
      expect(code).toBe(1);
    });
  });
}
