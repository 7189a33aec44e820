import type { Duplex } from 'node:stream';
import { refuse, type Endpoint, type Engine, type Observer } from '../../../src/engine';
import { echo, startEngine } from '../../support/engine';
import { Http2Client } from '../../support/http2-client';
import { dial, LAYERS } from '../../support/layers';
import { RawClient } from '../../support/raw-client';
import { settled } from '../../support/serve';

type Headers = Record<string, string>;

/** The status of the answer to a handshake for `/`, and the end of what was opened. */
type Ask = (engine: Engine, headers?: Headers) => Promise<{ status: number; leave: () => void }>;

const overHttp1: Ask = async (engine, headers) => {
  const client = RawClient.over(await dial(engine));
  client.upgrade('/', headers);
  const { status } = await client.answer();
  return { status, leave: () => client.socket.destroy() };
};

const overHttp2: Ask = async (engine, headers) => {
  const socket: Duplex = await dial(engine);
  const client = await Http2Client.connect('ws://localhost', { createConnection: () => socket });
  const { status } = await client.connect('/', headers);
  return { status, leave: () => socket.destroy() };
};

const WAYS: [string, Ask, object][] = [
  ['HTTP/1.1', overHttp1, LAYERS['HTTP/1.1']!.options],
  ['HTTP/2', overHttp2, LAYERS['HTTP/2']!.options],
];

const BROKEN = new Error('broken');

const fail = (): never => {
  throw BROKEN;
};

/** What fails for a client that offers the subprotocol `bad`, and for no other. */
const FAILURES: [string, Partial<Endpoint>][] = [
  ['the choice of a subprotocol', { protocols: Object.assign(['good'], { includes: fail }) }],
  ['an origins function', { origins: (_origin, { headers }) => isGood(headers) || fail() }],
  ['an upgrade hook', { upgrade: ({ handshake }) => (isGood(handshake.headers) ? undefined : fail()) }],
  [
    'an upgrade hook, later',
    { upgrade: ({ handshake }) => Promise.resolve().then(() => (isGood(handshake.headers) ? undefined : fail())) },
  ],
  [
    'a header of an acceptance',
    { upgrade: ({ handshake }) => (isGood(handshake.headers) ? undefined : { headers: { 'x-a': '\n' } }) },
  ],
  [
    'a header of a refusal',
    {
      upgrade: ({ handshake }) => (isGood(handshake.headers) ? undefined : refuse(401, { headers: { 'x-a': '\n' } })),
    },
  ],
];

function isGood(headers: { readonly 'sec-websocket-protocol'?: string | undefined }): boolean {
  return headers['sec-websocket-protocol'] !== 'bad';
}

describe.each(WAYS)(
  'what fails while a handshake over %s is judged or answered takes no place',
  (_way, ask, options) => {
    /** With room for one connection. */
    const start = (endpoint: Partial<Endpoint>, more: object = {}): Promise<Engine> =>
      startEngine([{ ...echo, ...endpoint }], { ...options, limits: { maxConnections: 1 }, heartbeat: false, ...more });

    async function expectRoomForOne(engine: Engine): Promise<void> {
      const { status, leave } = await ask(engine);
      expect([101, 200]).toContain(status);
      expect((await ask(engine)).status).toBe(503);
      leave();
      while (engine.connections.size > 0) await settled();
      expect([101, 200]).toContain((await ask(engine)).status);
    }

    test.each(FAILURES)('%s', async (_what, endpoint) => {
      const engine = await start(endpoint);
      for (let i = 0; i < 2; i++) {
        const { status, leave } = await ask(engine, { 'sec-websocket-protocol': 'bad' });
        expect(status).toBe(500);
        leave();
      }
      await expectRoomForOne(engine);
    });

    test('an observer', async () => {
      const observer: Observer = { arrived: fail, handshakeRefused: fail, abandoned: fail, opened: fail, failed: fail };
      const engine = await start(
        { upgrade: ({ handshake }) => (isGood(handshake.headers) ? undefined : refuse(401)) },
        { observer },
      );
      const { status, leave } = await ask(engine, { 'sec-websocket-protocol': 'bad' });
      expect(status).toBe(401);
      leave();
      await expectRoomForOne(engine);
    });
  },
);
