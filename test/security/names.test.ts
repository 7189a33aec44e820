import 'reflect-metadata';
import { decode, encode } from '@msgpack/msgpack';
import { Allow, IsOptional } from 'class-validator';
import {
  Connection,
  Header,
  JsonCodec,
  MessageBody,
  MessagePackCodec,
  OnMessage,
  PathParam,
  QueryParam,
  WebSocketPath,
  type Envelope,
} from '../../src';
import { connect, start, type TestClient } from '../support/app';
import { RawClient } from '../support/raw-client';

const NAMES = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'prototype'];

/** The own names of `Object`, of its prototype and of `Function.prototype`, here and in Node's outer realm. */
const outerObject = (Buffer.constructor as (code: string) => () => ObjectConstructor)('return Object')();
const shared = (): PropertyKey[][] =>
  [Object, outerObject].flatMap((each) => [each, each.prototype, Function.prototype]).map(Reflect.ownKeys);
const before = shared();

afterEach(() => {
  expect(shared()).toEqual(before);
  expect({}).not.toHaveProperty('polluted');
});

class Note {
  @Allow()
  @IsOptional()
  anything?: unknown;
}

const reached: unknown[] = [];

class Events {
  @OnMessage('named')
  named(
    @PathParam('room') room: string,
    @Header('constructor') constructorHeader?: string,
    @Header('__proto__') protoHeader?: string,
    @Header('toString') toStringHeader?: string,
    @QueryParam('constructor') constructorQuery?: string,
    @QueryParam('__proto__') protoQuery?: string,
    @QueryParam('toString') toStringQuery?: string,
  ) {
    const headers = { constructorHeader, protoHeader, toStringHeader };
    const queries = { constructorQuery, protoQuery, toStringQuery };
    // JSON would hide values that are not text
    const types = Object.entries({ room, ...headers, ...queries }).map(([name, value]) => [name, typeof value]);
    return { room, headers, queries, types: Object.fromEntries(types) as object };
  }

  @OnMessage('untyped')
  untyped(@MessageBody() body: unknown) {
    reached.push(body);
    return Object.keys(body as object);
  }

  @OnMessage('field')
  field(@MessageBody('constructor') field: unknown) {
    reached.push(field);
    return typeof field;
  }

  @OnMessage('typed')
  typed(body: Note) {
    reached.push(body);
    return 'accepted';
  }

  @OnMessage('ask')
  async ask(connection: Connection) {
    return [await connection.request('question')];
  }
}

@WebSocketPath('/json/:room', { protocols: ['chat'] })
class JsonEvents extends Events {}

@WebSocketPath('/pack/:room', { codec: new MessagePackCodec() })
class PackedEvents extends Events {}

@WebSocketPath('/choice', { codec: { 'chat.json': new JsonCodec(), 'chat.pack': new MessagePackCodec() } })
class Choice {
  @OnMessage('known')
  known() {
    return 'here';
  }
}

const serve = () => start([JsonEvents, PackedEvents, Choice]);

/** An object with these keys; `__proto__` in a literal would set the prototype. */
const object = (...entries: [string, unknown][]): object => Object.fromEntries(entries);

const KINDS: [string, (envelope: unknown) => string | Buffer, (message: string | Buffer) => Envelope][] = [
  ['json', (envelope) => JSON.stringify(envelope), (message) => JSON.parse(message as string) as Envelope],
  ['pack', (envelope) => Buffer.from(encode(envelope)), (message) => decode(message as Buffer) as Envelope],
];

beforeEach(() => reached.splice(0));

describe('in a handshake', () => {
  const wordsOf = async (client: TestClient): Promise<unknown> =>
    (JSON.parse((await client.ask('{"event":"named"}')) as string) as Envelope).data;

  test('headers and queries of these names are absent where nobody sent them', async () => {
    expect(await wordsOf(await connect(await serve(), '/json/lobby'))).toEqual({
      room: 'lobby',
      headers: {},
      queries: {},
      types: {
        room: 'string',
        constructorHeader: 'undefined',
        protoHeader: 'undefined',
        toStringHeader: 'undefined',
        constructorQuery: 'undefined',
        protoQuery: 'undefined',
        toStringQuery: 'undefined',
      },
    });
  });

  test.each(NAMES)('%s is a path parameter, a header and a query like any other', async (name) => {
    const query = NAMES.map((each) => `${each}=${name}&${each}=polluted`).join('&');
    const headers = Object.fromEntries(NAMES.filter((each) => each !== '__proto__').map((each) => [each, name]));
    const client = await connect(await serve(), `/json/${name}?${query}`, { headers });
    expect(await wordsOf(client)).toMatchObject({
      room: name,
      headers: { constructorHeader: name, toStringHeader: name },
      queries: { constructorQuery: name, protoQuery: name, toStringQuery: name },
    });
  });

  test('__proto__ as the name of a header changes nothing', async () => {
    const app = await serve();
    const client = await RawClient.connect(app.url);
    client.upgrade('/json/lobby', object(['__proto__', 'polluted'], ['constructor', 'mine']) as Record<string, string>);
    expect((await client.answer()).status).toBe(101);
    client.destroy();
    await wordsOf(await connect(app, '/json/lobby'));
  });

  test.each(NAMES)('no WebSocket is served at /%s', async (name) => {
    const client = await RawClient.connect((await serve()).url);
    client.upgrade(`/${name}`);
    expect((await client.answer()).status).toBe(404);
    client.destroy();
  });

  test.each(['/json/lobby', '/choice'])('subprotocols of these names are never chosen: %s', async (path) => {
    const app = await serve();
    const client = await RawClient.connect(app.url);
    client.upgrade(path, { 'Sec-WebSocket-Protocol': NAMES.join(', ') });
    const { status, headers } = await client.answer();
    expect([status, headers['sec-websocket-protocol']]).toEqual([101, undefined]);
    client.destroy();
    const chosen = await connect(app, '/choice', { protocols: ['constructor', '__proto__', 'chat.json'] });
    expect(chosen.socket.protocol).toBe('chat.json');
    expect(JSON.parse((await chosen.ask('{"event":"known"}')) as string)).toEqual({ event: 'known', data: 'here' });
  });
});

describe.each(KINDS)('in messages of %s', (kind, write, read) => {
  const opened = async (): Promise<TestClient> => connect(await serve(), `/${kind}/lobby`);
  const replyTo = async (client: TestClient, envelope: unknown): Promise<Envelope> =>
    read(await client.ask(write(envelope)));

  describe('as names of properties', () => {
    const POLLUTING = object(['polluted', true]);

    test.each<[string, object]>([
      ['__proto__', object(['__proto__', POLLUTING])],
      ['__proto__ that is no object', object(['__proto__', 1])],
      ['__proto__ in a list', object(['list', [[object(['__proto__', POLLUTING])]]])],
      ['constructor.prototype', object(['constructor', object(['prototype', POLLUTING])])],
      ['constructor.prototype further down', object(['a', object(['constructor', object(['prototype', POLLUTING])])])],
    ])('%s: the message is malformed, and no handler sees it', async (_what, data) => {
      const client = await opened();
      for (const event of ['untyped', 'typed', 'field', 'nobody']) {
        expect(await replyTo(client, { event, data, id: 1 })).toMatchObject({ error: { code: 'malformed_message' } });
      }
      // beside the envelope's own properties too
      const around = object(...Object.entries({ event: 'untyped', id: 1 }), ...Object.entries(data));
      expect(await replyTo(client, around)).toMatchObject({ error: { code: 'malformed_message' } });
      expect(reached).toEqual([]);
      expect(await replyTo(client, { event: 'typed', data: {}, id: 2 })).toMatchObject({ data: 'accepted', id: 2 });
    });

    test.each(['constructor', 'toString', 'hasOwnProperty', 'prototype', 'valueOf', 'then'])(
      '%s: an own property where anything may come',
      async (name) => {
        const data = object([name, 'mine'], ['other', 1]);
        expect((await replyTo(await opened(), { event: 'untyped', data })).data).toEqual([name, 'other']);
        expect(reached).toEqual([data]);
      },
    );

    test.each(['constructor', 'prototype', 'then'])('%s: one too many for a class', async (name) => {
      const { error, id } = await replyTo(await opened(), { event: 'typed', data: object([name, 'mine']), id: 7 });
      expect([error?.code, id]).toEqual(['validation_failed', 7]);
      expect(reached).toEqual([]);
    });

    test.each(['toString', 'hasOwnProperty', 'valueOf'])('%s: one too many wherever it stands', async (name) => {
      const client = await opened();
      for (const data of [object([name, 'mine']), object(['anything', object([name, 'mine'])])]) {
        expect((await replyTo(client, { event: 'typed', data })).error?.code).toBe('validation_failed');
      }
      expect(reached).toEqual([]);
    });

    test('a field that nobody sent is absent, whatever all objects have', async () => {
      const client = await opened();
      expect((await replyTo(client, { event: 'field', data: {} })).data).toBe('undefined');
      expect((await replyTo(client, { event: 'field', data: object(['constructor', 'x']) })).data).toBe('string');
    });
  });

  describe('as names of events', () => {
    test.each([...NAMES, 'error', 'close', 'open', 'message', 'uncaughtException', 'valueOf', 'then', 'named\0', ''])(
      '%j is an unknown event like any other',
      async (event) => {
        const client = await opened();
        expect(await replyTo(client, { event, data: { polluted: true }, id: 7 })).toEqual({
          event,
          error: { code: 'unknown_event', message: expect.any(String) as string },
          id: 7,
        });
        expect(await replyTo(client, { event: 'typed', data: {} })).toEqual({ event: 'typed', data: 'accepted' });
      },
    );

    test.each<[string, unknown]>([
      ['a list of one name', ['typed']],
      ['a number', 7],
      ['nothing', null],
      ['true', true],
      ['an object', { toString: 'typed' }],
    ])('%s is none', async (_what, event) => {
      const client = await opened();
      const reply = await replyTo(client, { event, data: {}, id: 7 });
      expect(reply).toEqual({ error: { code: 'malformed_message', message: expect.any(String) as string } });
      expect(reached).toEqual([]);
      expect(await replyTo(client, { event: 'typed', data: {} })).toMatchObject({ data: 'accepted' });
    });
  });

  describe('as ids', () => {
    test.each([...NAMES, 'error', '', 0, -1, 1.5])('%j comes back as it is', async (id) => {
      const client = await opened();
      expect(await replyTo(client, { event: 'typed', data: {}, id })).toEqual({ event: 'typed', data: 'accepted', id });
      expect(await replyTo(client, { event: 'nobody', id })).toMatchObject({ error: { code: 'unknown_event' }, id });
    });

    test.each<[string, unknown]>([
      ['a list', [1]],
      ['an object', { toString: 'a' }],
      ['null', null],
      ['true', true],
    ])('%s is none: the message is malformed', async (_what, id) => {
      const client = await opened();
      for (const event of ['typed', 'nobody']) {
        const { error, ...rest } = await replyTo(client, { event, data: {}, id });
        expect([error?.code, rest]).toEqual(['malformed_message', {}]);
      }
      expect(reached).toEqual([]);
    });

    test('those of our own requests are answered by what we asked alone', async () => {
      const client = await opened();
      const question = await replyTo(client, { event: 'ask', id: 1 });
      expect(question).toMatchObject({ event: 'question', id: expect.stringMatching(/^s:/) as string });
      for (const name of [...NAMES, '', '0', '01', '1e0', '-1']) {
        client.send(write({ event: 'question', id: `s:${name}`, data: 'not asked' }));
      }
      for (const id of [[question.id], { toString: question.id }]) {
        client.send(write({ event: 'question', id, data: 'not asked' }));
        client.send(write({ event: 'question', id: question.id + ' ', data: 'not asked' }));
      }
      client.send(write({ event: 'question', id: question.id, data: 'asked' }));
      const replies: Envelope[] = [];
      do replies.push(read(await client.receive()));
      while (replies.at(-1)?.error !== undefined && replies.length < 10);
      expect(replies.at(-1)).toEqual({ event: 'ask', data: ['asked'], id: 1 });
    });
  });
});
