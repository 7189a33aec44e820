import { createHash } from 'node:crypto';
import type { Connection, Endpoint, Limits } from '../../src/engine';
import { chunks } from '../../src/protocol';
import { heldBytesOf } from '../support/engine';
import { BINARY, CLOSE, close, continuation, ping, PONG, text, TEXT } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { TRANSPORTS } from '../support/transports';
import { until } from '../support/until';

const MIB = 1024 * 1024;

const hash = (message: string | Uint8Array): string => createHash('sha1').update(message).digest('base64');

/** Large answers of all kinds, each of them another. */
const ANSWERS: (string | Buffer)[] = [
  Buffer.alloc(MIB, 'binary'),
  'ascii '.repeat(MIB / 6),
  '€'.repeat(MIB / 3),
  'short',
  '😀x'.repeat(MIB / 4),
  Buffer.alloc(40_000, 'by reference'),
  Buffer.alloc(3 * MIB, 'longest'),
];

const LIMITS: Limits = { maxBufferedBytes: 100 * MIB, maxTotalBufferedBytes: 'none' };

/** Answers `all` with all answers, and says when a connection has opened and closed. */
function answering(limits: Limits = {}) {
  const opened: Connection[] = [];
  let closed = 0;
  const endpoint: Endpoint = {
    path: '/',
    open: (connection) => void opened.push(connection),
    text(connection, message) {
      if (message === 'all') for (const answer of ANSWERS) connection.send(answer);
    },
    close: () => void closed++,
  };
  return { endpoint, options: { limits: { ...LIMITS, ...limits } }, opened, closed: () => closed };
}

interface Heard {
  opcode: number;
  hash: string;
}

async function hear(client: RawClient<never>, count: number): Promise<Heard[]> {
  const heard: Heard[] = [];
  while (heard.length < count) {
    const { opcode, payload } = await client.frame();
    heard.push({ opcode, hash: hash(payload) });
  }
  return heard;
}

const EXPECTED: Heard[] = ANSWERS.map((answer) => ({
  opcode: typeof answer === 'string' ? TEXT : BINARY,
  hash: hash(answer),
}));

let take: jest.SpyInstance<Buffer, []>;
let give: jest.SpyInstance<void, [Buffer]>;

/** Chunks of the pool that are in use. */
const inUse = (): number => take.mock.calls.length - give.mock.calls.length;

/** Bytes of all chunks that there have been. */
const poolBytes = (): number =>
  new Set(take.mock.results.map(({ value }) => (value as Buffer).buffer)).size * 128 * 1024;

beforeEach(() => {
  take = jest.spyOn(chunks, 'take');
  give = jest.spyOn(chunks, 'give');
});

afterEach(() => jest.restoreAllMocks());

/** HTTP/2 refuses a client that resets more streams than this in a short time. */
const FEW = 20;

describe.each(TRANSPORTS.filter(([name]) => name !== 'an attached server'))('over %s', (name, serve) => {
  test('a peer that reads late gets all that waits, in order, and answers to its pings', async () => {
    const { endpoint, options, opened } = answering();
    const { open } = await serve(endpoint, options);
    const client = (await open()) as RawClient<never>;
    (client.socket as NodeJS.ReadableStream).pause();
    client.write(Buffer.concat([text('all'), ping('one'), ping('two')]));
    await until(() => opened[0]!.bufferedBytes > 2 * MIB);
    (client.socket as NodeJS.ReadableStream).resume();
    const heard: Heard[] = [];
    const last: Heard = { opcode: PONG, hash: hash('two') };
    while (heard.length < ANSWERS.length + 1 || heard.every((each) => each.hash !== last.hash)) {
      heard.push(...(await hear(client, 1)));
    }
    expect(heard.filter(({ opcode }) => opcode !== PONG)).toEqual(EXPECTED);
    expect(heard.filter(({ opcode }) => opcode === PONG).at(-1)).toEqual(last);
    await until(() => inUse() === 0 && opened[0]!.bufferedBytes === 0);
  });

  test('all answers arrive before the Close frame of a connection that is closed while they wait', async () => {
    const { endpoint, options, opened } = answering();
    const { open } = await serve(endpoint, options);
    const client = (await open()) as RawClient<never>;
    (client.socket as NodeJS.ReadableStream).pause();
    client.write(text('all'));
    await until(() => opened[0]!.bufferedBytes > 2 * MIB);
    void opened[0]!.close(4001);
    (client.socket as NodeJS.ReadableStream).resume();
    const heard = await hear(client, ANSWERS.length + 1);
    expect(heard.slice(0, -1)).toEqual(EXPECTED);
    expect(heard.at(-1)!.opcode).toBe(CLOSE);
    client.write(close(4001));
    await client.end();
    await until(() => inUse() === 0);
  });

  test('a peer that has ended its side gets all that waits', async () => {
    const { endpoint, options, opened } = answering();
    const { open } = await serve(endpoint, options);
    const client = (await open()) as RawClient<never>;
    (client.socket as NodeJS.ReadableStream).pause();
    client.write(Buffer.concat([text('all'), close(1000)]));
    await until(() => opened[0]!.state !== 'open');
    (client.socket as NodeJS.ReadableStream).resume();
    const heard = await hear(client, ANSWERS.length + 1);
    expect(heard.slice(0, -1)).toEqual(EXPECTED);
    expect(heard.at(-1)!.opcode).toBe(CLOSE);
    await client.end();
    await until(() => inUse() === 0);
  });

  test('an engine that is closed sends all that waits', async () => {
    const { endpoint, options, opened } = answering();
    const { engine, open } = await serve(endpoint, options);
    const client = (await open()) as RawClient<never>;
    (client.socket as NodeJS.ReadableStream).pause();
    client.write(text('all'));
    await until(() => opened[0]!.bufferedBytes > 2 * MIB);
    for (const connection of engine.connections) void connection.close(1001);
    (client.socket as NodeJS.ReadableStream).resume();
    expect((await hear(client, ANSWERS.length + 1)).slice(0, -1)).toEqual(EXPECTED);
    client.write(close(1001));
    await until(() => inUse() === 0);
  });

  test.each(['by the peer', 'by us'])(
    'many connections that are cut %s while answers wait leave nothing behind',
    async (who) => {
      const { endpoint, options, opened, closed } = answering();
      const { open } = await serve(endpoint, options);
      for (let i = 0; i < (name === 'HTTP/2' ? FEW : 50); i++) {
        const client = (await open()) as RawClient<never>;
        (client.socket as NodeJS.ReadableStream).pause();
        client.write(text('all'));
        await until(() => opened[i]!.bufferedBytes > 2 * MIB);
        if (who === 'by us') opened[i]!.terminate();
        else client.destroy();
        await until(() => closed() === i + 1);
        expect(heldBytesOf(opened[i]!)).toBe(0);
        client.destroy();
      }
      await until(() => inUse() === 0);
      expect(poolBytes()).toBeLessThan(32 * MIB);
    },
  );

  test.each(['text', 'binary'])(
    '200 connections that are cut within a message (%s) leave nothing behind',
    async (kind) => {
      const { endpoint, options, opened, closed } = answering({ maxMessageBytes: 4 * MIB });
      const { open } = await serve(endpoint, options);
      const part = Buffer.alloc(300_000, 'part');
      const begin = text(part, { fin: false, opcode: kind === 'text' ? TEXT : BINARY });
      const begun = Buffer.concat([begin, continuation(part, { fin: false })]);
      for (let i = 0; i < (name === 'HTTP/2' ? FEW : 200); i++) {
        const client = (await open()) as RawClient<never>;
        client.write(begun.subarray(0, begun.length - (i % 2)));
        await until(() => heldBytesOf(opened[i]!) >= 500_000);
        if (i % 4 === 0) opened[i]!.terminate();
        else if (i % 4 === 1) client.write(Buffer.concat([Buffer.alloc(i % 2), text('not the end')]));
        else client.destroy();
        if (i % 4 === 1) client.destroy();
        await until(() => closed() === i + 1);
        expect(heldBytesOf(opened[i]!)).toBe(0);
        client.destroy();
      }
      expect(inUse()).toBe(0);
      expect(poolBytes()).toBeLessThan(4 * MIB);
    },
  );

  test('invalid text late in a large message closes the connection and leaves nothing behind', async () => {
    const { endpoint, options } = answering({ maxMessageBytes: 4 * MIB });
    const { open } = await serve(endpoint, options);
    const client = (await open()) as RawClient<never>;
    client.write(text(Buffer.concat([Buffer.alloc(MIB, 'a'), Buffer.from([0xff]), Buffer.alloc(MIB)]), { fin: false }));
    const { code } = await client.closeFrame();
    expect(code).toBe(1007);
    await until(() => inUse() === 0);
  });

  test('with slowConsumer `drop` large answers for which there is no room are lost whole, and the others arrive', async () => {
    const { endpoint: other, opened } = answering();
    const outcomes: string[] = [];
    const endpoint: Endpoint = {
      ...other,
      text(connection, message) {
        if (message === 'again') for (const answer of ANSWERS) outcomes.push(connection.sendResult(answer));
        else connection.send('pong');
      },
    };
    const limits: Limits = { ...LIMITS, maxBufferedBytes: 4 * MIB, slowConsumer: 'drop' };
    const { open } = await serve(endpoint, { limits });
    const client = (await open()) as RawClient<never>;
    (client.socket as NodeJS.ReadableStream).pause();
    for (let i = 0; i < 6; i++) client.write(text('again'));
    await until(() => outcomes.length === 6 * ANSWERS.length);
    expect(outcomes).toContain('dropped');
    (client.socket as NodeJS.ReadableStream).resume();
    const expected = outcomes.flatMap((outcome, i) => (outcome === 'dropped' ? [] : [EXPECTED[i % ANSWERS.length]]));
    expect(await hear(client, expected.length)).toEqual(expected);
    await until(() => opened[0]!.bufferedBytes === 0);
    client.write(text('still there?'));
    expect((await client.frame()).payload.toString()).toBe('pong');
    expect(inUse()).toBe(0);
  });
});
