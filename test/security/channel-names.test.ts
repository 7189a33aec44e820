import { IsString } from 'class-validator';
import {
  Catch,
  channelName,
  Channels,
  Connection,
  Header,
  Module,
  OnClose,
  OnMessage,
  OnOpen,
  OnSubscribe,
  OnUpgrade,
  PathParam,
  QueryParam,
  UseFilters,
  WebSocketPath,
  type Context,
  type ExceptionFilter,
} from '../../src';
import { createTestApp, type TestApp, type TestClient } from '../../src/testing';
import { MemoryLogger } from '../support/app';
import { settled } from '../support/channel-app';

/** Texts of a client that are patterns somewhere. */
const SYNTAX = [
  '*',
  '**',
  'a.*',
  '*:secret',
  '>',
  'secret.>',
  '?',
  's?cret',
  '[a-z]',
  '[a-z]*',
  '\\',
  '\\*',
  '^',
  '{secret}',
  '$',
];
/** Texts that no channel may be named. */
const IMPOSSIBLE = ['', ' ', 'a b', '\t', '\n', '\u2028', '\0', '\u001b', '\ud800', 'x'.repeat(3000), '*'.repeat(3000)];

const CALLS = {
  subscribe: (connection: Connection, name: string) => connection.subscribe(name),
  unsubscribe: (connection: Connection, name: string) => connection.unsubscribe(name),
  'connection.publish': (connection: Connection, name: string) => connection.publish(name, 'from a stranger'),
  publish: (_connection: Connection, name: string, channels: Channels) => channels.publish(name, 'x') && null,
  subscribers: (_connection: Connection, name: string, channels: Channels) => channels.subscribers(name),
  presence: (_connection: Connection, name: string, channels: Channels) => channels.presence(name),
  watch: async (_connection: Connection, name: string, channels: Channels) => void (await channels.watch(name, {})),
} as const;

type Call = keyof typeof CALLS;
const calls = Object.keys(CALLS) as Call[];

class Body {
  @IsString()
  room!: string;

  @IsString()
  call!: Call;
}

@Catch(RangeError)
class Failing implements ExceptionFilter {
  constructor(private readonly channels: Channels) {}

  catch(_error: unknown, { connection }: Context): void {
    this.channels.publish(`room:${connection.params['room']}`, 'x');
  }
}

/** Builds names carelessly, out of all that a client can send. */
@WebSocketPath('/raw/:room')
@UseFilters(Failing)
class RawController {
  static readonly judged: string[] = [];

  constructor(private readonly channels: Channels) {}

  @OnUpgrade()
  upgrade(connection: Connection, @Header('authorization') token?: string): void {
    if (token !== undefined) connection.user = { id: Buffer.from(token, 'base64').toString() };
    if (connection.query.has('upgrade')) this.channels.publish(`room:${connection.params['room']}`, 'x');
  }

  @OnOpen()
  async open(connection: Connection): Promise<void> {
    if (connection.query.has('open')) await connection.subscribe(connection.query.get('open')!);
  }

  @OnSubscribe()
  mayHear(channel: string): boolean {
    RawController.judged.push(channel);
    return channel.startsWith('room:');
  }

  @OnMessage('body')
  body({ room, call }: Body, connection: Connection): unknown {
    return CALLS[call](connection, `room:${room}`, this.channels);
  }

  @OnMessage('path')
  path({ call }: Body, connection: Connection, @PathParam('room') room: string): unknown {
    return CALLS[call](connection, `room:${room}`, this.channels);
  }

  @OnMessage('query')
  query({ call }: Body, connection: Connection, @QueryParam('room') room: string): unknown {
    return CALLS[call](connection, `room:${room}`, this.channels);
  }

  @OnMessage('token')
  token({ call }: Body, connection: Connection): unknown {
    return CALLS[call](connection, `room:${connection.user!.id}`, this.channels);
  }

  @OnMessage('stream')
  async *stream({ room }: Body): AsyncGenerator<number> {
    yield await Promise.resolve(1);
    this.channels.publish(`room:${room}`, 'x');
  }

  @OnMessage('filter')
  filter(): void {
    throw new RangeError('for the filter, which builds the name');
  }

  @OnMessage()
  plain(connection: Connection, text: string): Promise<unknown> {
    return connection.subscribe(text);
  }

  @OnClose()
  close(connection: Connection): void {
    this.channels.publish(`room:${connection.params['room']}`, 'x');
  }
}

/** Builds names with `channelName`. */
@WebSocketPath('/made')
class MadeController {
  constructor(private readonly channels: Channels) {}

  @OnMessage('body')
  body({ room, call }: Body, connection: Connection): unknown {
    return CALLS[call](connection, channelName('room', room), this.channels);
  }
}

@Module({ controllers: [RawController, MadeController], providers: [Failing] })
class RootModule {}

let app: TestApp;
let log: MemoryLogger;

beforeEach(async () => {
  log = new MemoryLogger();
  RawController.judged.length = 0;
  app = await createTestApp(RootModule, { logger: log, heartbeat: false });
});
afterEach(async () => {
  await app.close();
  expect(log.lines.filter((line) => !line.startsWith('info'))).toEqual([]);
});

const channels = (): Channels => app.container.resolve(Channels);
/** The text as UTF-8 carries it, with lone surrogates replaced. */
const wellFormed = (text: string): string => Buffer.from(text).toString();
const encoded = (text: string): string => encodeURIComponent(wellFormed(text));
const titled = (texts: string[]) => texts.map((text) => [JSON.stringify(text.slice(0, 12)), text] as const);

/** Collects messages that answer no request. */
function listen(client: TestClient): unknown[] {
  const heard: unknown[] = [];
  void (async () => {
    for (;;) heard.push(await client.receive());
  })().catch(() => undefined);
  return heard;
}

/** Sends `text` by every way in which names are built. Resolves with all messages that the client gets, and its answers. */
async function attack(text: string, call: Call): Promise<{ heard: unknown[]; answers: unknown[] }> {
  const headers = { authorization: Buffer.from(text).toString('base64') };
  const client = await app.connect(`/raw/${encoded(text) || 'empty'}?room=${encoded(text)}`, { headers });
  const answers: unknown[] = [];
  for (const event of ['body', 'path', 'query', 'token']) {
    const answer = client.request(event, { room: text, call });
    answers.push(
      await answer.then(
        () => 'done',
        (error: unknown) => error,
      ),
    );
  }
  const heard = listen(client);
  for (const room of ['secret', 'secret:7', 'x', '7', 'a.b']) channels().publish(`room:${room}`, `said in ${room}`);
  channels().publish('secret', 'said in no room');
  channels().toUser('ann').publish('for ann');
  await settled();
  await client.close();
  return { heard, answers };
}

describe.each(calls)('%s', (call) => {
  test.each(titled(SYNTAX))('takes %s literally or refuses it', async (_title, text) => {
    const member = await app.connect('/made');
    await member.request('body', { room: 'secret', call: 'subscribe' });
    const hears = listen(member);
    const { heard, answers } = await attack(text, call);
    expect(heard).toEqual([]);
    expect(hears).toEqual(['said in secret']);
    if (text.includes('*')) {
      for (const answer of answers) expect(answer).toMatchObject({ code: 'validation_failed' });
      expect(RawController.judged).toEqual([]);
    } else {
      expect(answers).toEqual(['done', 'done', 'done', 'done']);
    }
  });

  test.each(titled(IMPOSSIBLE.filter((text) => text === wellFormed(text) && text !== '')))(
    "refuses %s as the client's error",
    async (_title, text) => {
      const { heard, answers } = await attack(text, call);
      expect(heard).toEqual([]);
      for (const answer of answers) {
        expect(answer).toMatchObject({
          code: 'validation_failed',
          message: "a channel's name has 1 to 200 characters, no white space and no *",
        });
      }
    },
  );

  test('takes every name of channelName', async () => {
    const client = await app.connect('/made');
    for (const room of [...SYNTAX, ...IMPOSSIBLE]) {
      await expect(client.request('body', { room, call })).resolves.toBeDefined();
    }
    const heard = listen(client);
    channels().publish('room:secret', 'said in secret');
    await settled();
    expect(heard).toEqual([]);
  });
});

describe('an impossible name', () => {
  const refusal = { code: 'validation_failed', message: expect.stringContaining("a channel's name") as string };

  test('at the upgrade is a 400', async () => {
    for (const text of ['*', 'a b', 'x'.repeat(5000)]) {
      await expect(app.connect(`/raw/${encoded(text)}?upgrade`)).rejects.toMatchObject({ status: 400 });
    }
  });

  test('in @OnOpen is answered with an error, and the connection stays', async () => {
    for (const text of ['*', '', 'x'.repeat(5000)]) {
      const client = await app.connect(`/raw/7?open=${encoded(text)}`);
      expect(JSON.parse(String(await client.receive()))).toEqual({ error: refusal });
      await expect(client.request('body', { room: '7', call: 'subscribe' })).resolves.toBeNull();
    }
  });

  test('in a plain handler, a stream and a filter is answered with an error', async () => {
    const client = await app.connect('/raw/*');
    client.send('room:*');
    expect(JSON.parse(String(await client.receive()))).toEqual({ error: refusal });
    await expect(client.request('filter')).rejects.toMatchObject(refusal);
    client.send(JSON.stringify({ event: 'stream', data: { room: '*', call: 'publish' }, id: 5 }));
    expect(JSON.parse(String(await client.receive()))).toMatchObject({ data: 1, id: 5, more: true });
    expect(JSON.parse(String(await client.receive()))).toEqual({ event: 'stream', error: refusal, id: 5 });
  });

  test('in @OnClose is not logged', async () => {
    const client = await app.connect('/raw/*');
    expect(await client.close(1000)).toMatchObject({ code: 1000 });
    await settled();
  });
});
