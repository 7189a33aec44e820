import type { Duplex } from 'node:stream';
import { Refusal, type Connection, type Endpoint, type Engine } from '../../src/engine';
import { startEngine } from '../support/engine';
import { text } from '../support/frames';
import { dial, LAYERS, untilOpen, type Layers } from '../support/layers';
import { RawClient } from '../support/raw-client';

/** Jest's own copy of `process` does not emit these events. */
const outerProcess = (Buffer.constructor as (code: string) => () => NodeJS.Process)('return process')();

const unheard: unknown[] = [];
const onUnheard = (error: unknown): void => void unheard.push(error);
const EVENTS = ['uncaughtException', 'unhandledRejection'] as const;

beforeEach(() => {
  unheard.length = 0;
  for (const event of EVENTS) outerProcess.on(event, onUnheard);
});

afterEach(() => {
  for (const event of EVENTS) outerProcess.off(event, onUnheard);
});

type Reset = () => void;

/** The life of one connection. `reset` resets it from its client's side, at once. */
interface Step {
  upgrade?(connection: Connection, reset: Reset): ReturnType<NonNullable<Endpoint['upgrade']>>;
  open?(connection: Connection, reset: Reset): void;
  text?(connection: Connection, reset: Reset): Promise<void>;
  /** The client's part, once it is accepted. */
  client?(client: RawClient<Duplex>, reset: Reset): void;
  /** The failures that are reported. */
  failures?: string[];
}

/** Calls that may fail later, whose promises nobody awaits. */
function busy(connection: Connection): void {
  connection.send('x'.repeat(200_000));
  connection.emit('news');
  connection.pong('heard');
  void connection.ping();
  void connection.sendStream(['in ', 'parts']);
  void connection.drained();
  void connection.close(1000, 'bye');
}

const aborted = ({ signal }: Connection): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve());
  });

const FORBIDDEN = new Refusal(403, 'No.');

const STEPS: Record<string, Step> = {
  'while an upgrade hook is at work, which then accepts': {
    upgrade: async (connection, reset) => {
      reset();
      await aborted(connection);
      return { headers: { 'X-Late': 'yes' } };
    },
  },
  'while an upgrade hook is at work, which then refuses': {
    upgrade: async (connection, reset) => {
      reset();
      await aborted(connection);
      return FORBIDDEN;
    },
  },
  'while an upgrade hook is at work, which then throws': {
    upgrade: async (connection, reset) => {
      reset();
      await aborted(connection);
      throw new Error('nobody is there');
    },
  },
  'in the tick of the answer': {
    upgrade: (_, reset) => void reset(),
    open: busy,
  },
  'in the tick of the answer, after a hook that takes time': {
    upgrade: async (_, reset) => {
      await new Promise(setImmediate);
      reset();
      return undefined;
    },
    open: busy,
  },
  'in the tick of a refusal': {
    upgrade: (_, reset) => {
      reset();
      return FORBIDDEN;
    },
  },
  'in the tick of a refusal, after a hook that takes time': {
    upgrade: async (_, reset) => {
      await new Promise(setImmediate);
      reset();
      return FORBIDDEN;
    },
  },
  'in the tick in which the upgrade hook fails': {
    upgrade: (_, reset) => {
      reset();
      throw new Error('expected');
    },
    failures: ['expected'],
  },
  'in the tick after the answer, before anything is sent': {
    open: (connection, reset) => {
      reset();
      busy(connection);
    },
  },
  'in the tick after the answer, behind what is sent': {
    open: (connection, reset) => {
      busy(connection);
      reset();
    },
  },
  'right after the answer has come': { client: (_, reset) => reset() },
  'right behind its first message': {
    client: (client, reset) => {
      client.write(text('begin'));
      reset();
    },
    text: async (connection) => busy(connection),
  },
  'while its first message is answered': {
    client: (client) => client.write(text('begin')),
    text: async (connection, reset) => {
      reset();
      busy(connection);
      await aborted(connection);
      busy(connection);
    },
  },
};

async function serve({ options }: Layers) {
  const failures: string[] = [];
  let current: { step: Step; reset: Reset } | undefined;
  const stepOf = ({ handshake }: Connection): typeof current =>
    handshake.headers['x-step'] === undefined ? undefined : current;
  const endpoint: Endpoint = {
    path: '/',
    upgrade: (connection) => {
      const at = stepOf(connection);
      return at?.step.upgrade?.(connection, at.reset);
    },
    open: (connection) => {
      const at = stepOf(connection);
      at?.step.open?.(connection, at.reset);
    },
    text: (connection, message) => {
      const at = stepOf(connection);
      if (at !== undefined) return at.step.text?.(connection, at.reset);
      connection.send(message);
      return undefined;
    },
  };
  const engine = await startEngine([endpoint], {
    ...options,
    // Node 24 does not report a reset right after the first bytes of HTTP/2 in TLS: that session ends at its deadline
    limits: { handshakeTimeoutMs: 2_000, closeTimeoutMs: 200 },
    observer: { failed: (error) => void failures.push((error as Error).message) },
  });
  return { engine, failures, begin: (step: Step, reset: Reset) => void (current = { step, reset }) };
}

/** Checks that the connection has gone, that no error was unhandled, and that the next client is served. */
async function isUnharmed(engine: Engine, { open }: Layers): Promise<void> {
  await untilOpen(engine, 0);
  while (engine.connections.size > 0) await new Promise(setImmediate);
  const socket = await dial(engine);
  const next = await open(socket);
  next.write(text('still here'));
  expect((await next.frame()).payload.toString()).toBe('still here');
  socket.destroy();
  await engine.close();
  expect(unheard).toEqual([]);
}

describe.each(Object.entries(LAYERS))('%s', (_name, way) => {
  test('a reset before any byte', async () => {
    const { engine, failures } = await serve(way);
    (await dial(engine)).resetAndDestroy();
    await isUnharmed(engine, way);
    expect(failures).toEqual([]);
  });

  test.each(Object.entries(STEPS))('a reset %s', async (_when, step) => {
    const { engine, failures, begin } = await serve(way);
    const socket = await dial(engine);
    let isReset!: () => void;
    const wasReset = new Promise<void>((resolve) => (isReset = resolve));
    const reset = (): void => {
      socket.resetAndDestroy();
      isReset();
    };
    begin(step, reset);
    way.open(socket, { 'x-step': 'yes' }).then(
      (client) => step.client?.(client, reset),
      () => {},
    );
    await wasReset;
    await isUnharmed(engine, way);
    expect(failures).toEqual(step.failures ?? []);
  });

  test.each([1, 2, 3, 4, 5, 6, 7])('reserved bits %i in the first frame of a connection', async (rsv) => {
    const { engine, failures } = await serve(way);
    const socket = await dial(engine);
    const client = await way.open(socket);
    client.write(text('x', { rsv }));
    expect((await client.closeFrame()).code).toBe(1002);
    socket.resetAndDestroy();
    // and from a client that does not wait for the answer
    const other = await dial(engine);
    (await way.open(other)).write(text('x', { rsv }));
    other.resetAndDestroy();
    await isUnharmed(engine, way);
    expect(failures).toEqual([]);
  });
});

test.each(['HTTP/1.1', 'HTTP/1.1 over TLS'])('%s: reserved bits in the packet of the handshake', async (name) => {
  const way = LAYERS[name]!;
  const { engine, failures } = await serve(way);
  for (const leaves of [false, true]) {
    const socket = await dial(engine);
    const client = RawClient.over(await way.reach(socket));
    client.upgrade('/', {}, text('x', { rsv: 7 }));
    if (!leaves) {
      expect((await client.answer()).status).toBe(101);
      expect((await client.closeFrame()).code).toBe(1002);
    }
    socket.resetAndDestroy();
  }
  await isUnharmed(engine, way);
  expect(failures).toEqual([]);
});
