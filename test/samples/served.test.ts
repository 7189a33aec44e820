import { once } from 'node:events';
import { WebSocket } from 'ws';
import { SamplesProcess, type Started } from './running-samples';

/** Uses each sample once, at the address that `npm start` prints. */
describe('npm start serves', () => {
  let samples: SamplesProcess;
  let started: Started;

  beforeAll(async () => {
    delete process.env.TOKEN_SECRET;
    samples = new SamplesProcess();
    started = await samples.start();
  });

  afterAll(() => samples.remove());

  /** The text printed after a name. */
  function printed(name: string): string {
    const line = started.lines.find((candidate) => candidate.trim().startsWith(`${name}:`));
    if (line === undefined) throw new Error(`nothing is printed of ${name}: ${started.lines.join('\n')}`);
    return line.slice(line.indexOf(':') + 1).trim();
  }

  /** Sends a message to a sample. Resolves with the answer, and the socket to go on with. */
  async function connect(name: string, protocols: string[] = []) {
    const socket = new WebSocket(printed(name), protocols);
    await once(socket, 'open');
    const ask = async (message: string): Promise<string> => {
      const answered = once(socket, 'message');
      socket.send(message);
      return String((await answered)[0]);
    };
    const close = async (): Promise<void> => {
      const closed = once(socket, 'close');
      socket.close(1000);
      expect((await closed)[0]).toBe(1000);
    };
    return { socket, ask, close };
  }

  test('in lines that fit a terminal', () => {
    expect(started.lines).toHaveLength(13);
    for (const line of started.lines) expect(line).toMatch(/^[ A-Z][ a-z]+: +\S{5,}$/);
    expect(Math.max(...started.lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
  });

  test('validated-rpc', async () => {
    const { ask, close } = await connect('Orders');
    const data = { customer: 'Ann', address: { street: 'High Street 1', city: 'Bath' } };
    const order = { ...data, lines: [{ article: 'desk', quantity: 1 }] };
    const answer = await ask(JSON.stringify({ event: 'orders.place', data: order, id: 1 }));
    expect(JSON.parse(answer)).toEqual({
      event: 'orders.place',
      data: { id: 1, ...order, status: 'placed' },
      id: 1,
    });
    const refusal = await ask(JSON.stringify({ event: 'orders.place', data, id: 2 }));
    expect(JSON.parse(refusal)).toMatchObject({ error: { code: 'validation_failed' }, id: 2 });
    await close();
  });

  test('guards, with the token that is printed', async () => {
    const { socket, ask, close } = await connect('Notices', ['notices.v1', `bearer.${printed('token')}`]);
    expect(socket.protocol).toBe('notices.v1');
    expect(await ask('{"event":"notices.list","id":1}')).toBe('{"event":"notices.list","data":[],"id":1}');
    await close();

    const nobody = new WebSocket(printed('Notices'));
    const [error] = (await once(nobody, 'error')) as [Error];
    expect(error.message).toBe('Unexpected server response: 401');
  });

  test('game', async () => {
    const { ask, close } = await connect('Game');
    const asked = JSON.parse(await ask('{"event":"game.join","data":{"name":"Ann"},"id":1}')) as { id: string };
    expect(asked).toMatchObject({ event: 'game.ready' });
    const joined = JSON.parse(await ask(JSON.stringify({ event: 'game.ready', data: true, id: asked.id }))) as object;
    expect(joined).toMatchObject({ event: 'game.join', id: 1 });
    const snapshot = JSON.parse(await ask('{"event":"game.play","id":2}')) as object;
    expect(snapshot).toMatchObject({ data: { players: [{ name: 'Ann', score: 0 }] }, id: 2, more: true });
    await close();
  });

  test('codec', async () => {
    const { ask, close } = await connect('Readings', ['lines.v1']);
    const line = 'readings.add 7 {"meter":"hall","value":21.5}';
    expect(await ask(line)).toBe(line);
    await close();
  });

  test.each(['Express', 'Fastify', 'Hono'])(
    'notifications beside %s, to who has a password that is printed',
    async (name) => {
      const url = printed(name);
      const headers = { 'content-type': 'application/json' };
      const body = JSON.stringify({ user: 'ann', password: printed('ann') });
      const login = await fetch(new URL('/login', url), { method: 'POST', headers, body });
      expect(login.status).toBe(204);
      const cookie = login.headers.getSetCookie()[0]!.split(';')[0]!;
      const socket = new WebSocket(url.replace('http', 'ws'), { headers: { cookie } });
      const [greeting] = (await once(socket, 'message')) as [Buffer];
      expect(greeting.toString()).toBe('{"event":"notifications.unread","data":[]}');
      const notified = once(socket, 'message') as Promise<[Buffer]>;
      const notification = JSON.stringify({ to: 'ann', text: 'to myself' });
      const posted = await fetch(url, { method: 'POST', headers: { ...headers, cookie }, body: notification });
      expect(await posted.json()).toEqual({ id: 1, delivered: 1 });
      expect(String((await notified)[0])).toContain('"text":"to myself"');
      socket.terminate();
    },
  );

  test('with a secret it prints no token, and with a short secret it does not start', async () => {
    samples.kill();
    process.env.TOKEN_SECRET = 'x'.repeat(32);
    expect((await samples.start()).lines.join('\n')).not.toContain('token');
    samples.kill();

    process.env.TOKEN_SECRET = 'x'.repeat(31);
    const child = samples.spawn('0');
    let errors = '';
    child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect([code, errors]).toEqual([1, 'the secret of tokens must have at least 32 bytes, not 31\n']);
  });
});
