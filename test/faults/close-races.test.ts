import fc from 'fast-check';
import { Engine, type Connection, type Endpoint } from '../../src/engine';
import { MemorySocket } from '../../src/testing/memory-socket';
import { close, continuation, ping, text } from '../support/frames';
import { ManualClock } from '../support/manual-clock';
import { RawClient } from '../support/raw-client';
import { turns } from '../support/until';

/** Jest's own copy of `process` does not emit this event. */
const outerProcess = (Buffer.constructor as (code: string) => () => NodeJS.Process)('return process')();

const CLOSE_TIMEOUT = 5_000;
const RUNS = 200;

interface Race {
  readonly connection: Connection;
  readonly client: RawClient<MemorySocket>;
  readonly clock: ManualClock;
  readonly engine: Engine;
  /** Promises that nobody awaits, as in careless applications. */
  readonly loose: Promise<unknown>[];
}

function* failing(): Generator<string> {
  yield 'a part';
  throw new Error('no more');
}

/** Events in the life of a connection, in any order. Each text tells its handler what to do. */
const ACTIONS = {
  'the server sends': ({ connection }) => void connection.send('news'),
  'the server pings': ({ connection, loose }) => void loose.push(connection.ping()),
  'the server streams': ({ connection, loose }) => void loose.push(connection.sendStream(['in ', 'parts'])),
  'the server streams what fails': ({ connection, loose }) => void loose.push(connection.sendStream(failing())),
  'the server closes': ({ connection, loose }) => void loose.push(connection.close(4000, 'enough')),
  'the server terminates': ({ connection }) => connection.terminate(),
  'the client sends': ({ client }) => client.write(text('answer')),
  'the client sends what is rejected': ({ client }) => client.write(text('reject')),
  'the client sends what closes': ({ client }) => client.write(text('close')),
  'the client sends what terminates': ({ client }) => client.write(text('terminate')),
  'the client begins a message': ({ client }) => client.write(text('ans', { fin: false })),
  'the client ends a message': ({ client }) => client.write(continuation('wer')),
  'the client pings': ({ client }) => client.write(ping()),
  'the client closes': ({ client }) => client.write(close(1000)),
  'the client ends its side': ({ client }) => void client.socket.end(),
  'the client is gone': ({ client }) => client.destroy(),
  'the engine closes': ({ engine, loose }) => void loose.push(engine.close()),
  'time passes': ({ clock }) => clock.advance(CLOSE_TIMEOUT),
} satisfies Record<string, (race: Race) => void>;

type Action = keyof typeof ACTIONS;

async function run(scheduler: fc.Scheduler, actions: Action[], lateOpen: boolean): Promise<void> {
  const clock = new ManualClock();
  const counts = { open: 0, close: 0, release: 0 };
  const unexpected: unknown[] = [];
  let connection!: Connection;
  const later = (what: string): Promise<void> => scheduler.schedule(Promise.resolve(), what);
  const endpoint: Endpoint = {
    path: '/',
    open: (opened) => {
      counts.open++;
      connection = opened;
      return lateOpen ? later('open settles') : undefined;
    },
    text: async (from, message) => {
      await later(`the handler of '${message}' settles`);
      if (message === 'reject') throw new Error('rejected');
      if (message === 'close') await from.close(4001);
      else if (message === 'terminate') from.terminate();
      else from.send(message);
    },
    close: async () => {
      counts.close++;
      await later('close settles');
    },
    release: async () => {
      await later('release settles');
      counts.release++;
    },
  };
  const failed = (error: unknown): void => {
    // these two errors are part of the actions
    if (!['no more', 'rejected'].includes((error as Error).message)) unexpected.push(error);
  };
  const limits = { closeTimeoutMs: CLOSE_TIMEOUT, maxConnections: 1 };
  const engine = new Engine({ clock, heartbeat: false, limits, observer: { failed } });
  engine.add(endpoint);
  const join = async (): Promise<RawClient<MemorySocket>> => {
    const [ours, theirs] = MemorySocket.pair();
    engine.serve(theirs);
    const client = RawClient.over(ours);
    client.upgrade('/');
    expect((await client.answer()).status).toBe(101);
    return client;
  };
  const client = await join();
  const race: Race = { connection, client, clock, engine, loose: [] };

  const steps = actions.map((action) => ({
    label: action,
    builder: async () => {
      ACTIONS[action](race);
      await turns(4);
    },
  }));
  scheduler.scheduleSequence(steps);
  const settle = async (): Promise<void> => {
    do {
      await scheduler.waitAll();
      await turns(4);
    } while (scheduler.count() > 0);
  };
  await settle();
  client.destroy();
  await turns(4);
  await settle();

  expect(counts).toEqual({ open: 1, close: 1, release: 1 });
  expect(unexpected).toEqual([]);
  expect(connection.state).toBe('closed');
  expect(engine.connections.size).toBe(0);
  expect(clock.pending).toBe(0);
  await Promise.allSettled(race.loose);
  await engine.close();
  expect(clock.pending).toBe(0);

  // the only place is free again
  const next = await join();
  next.destroy();
  await turns(4);
  await settle();
  expect(counts).toEqual({ open: 2, close: 2, release: 2 });
  await engine.close();
}

// takes long: 200 random orders of events
test('sends, closes, resets and late handlers in any order: a connection ends once and leaves nothing', async () => {
  const rejections: unknown[] = [];
  const onRejection = (error: unknown): void => void rejections.push(error);
  outerProcess.on('unhandledRejection', onRejection);
  try {
    const actions = fc.array(fc.constantFrom(...(Object.keys(ACTIONS) as Action[])), { minLength: 1, maxLength: 12 });
    await fc.assert(fc.asyncProperty(fc.scheduler(), actions, fc.boolean(), run), { numRuns: RUNS });
    await turns(4);
  } finally {
    outerProcess.off('unhandledRejection', onRejection);
  }
  expect(rejections).toEqual([]);
});
