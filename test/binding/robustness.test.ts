import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { OnClose, OnMessage, WebSocketPath, type Logger } from '../../src';
import type { TestClient } from '../../src/testing';
import { sized } from '../support/figures';
import { serve, settled } from '../support/serve';

const EACH = sized(100_000, 20_000);
const BATCH = 1000;
const WARM_UP = 5 * BATCH;
const MEGABYTE = 1024 * 1024;
/** By how much the heap may have grown after all of them: less than an object for each, and what the measurement is off by. */
const MOST = MEGABYTE;

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

/** Jest's own copy of `process` hears nothing of these events. */
const outerProcess = (Buffer.constructor as (code: string) => () => NodeJS.Process)('return process')();

const unhandled = jest.fn();

/** Jest lets every error keep a hundred lines of its stack, which would take most of the time. */
const { stackTraceLimit } = Error;
beforeAll(() => void (Error.stackTraceLimit = 1));
afterAll(() => void (Error.stackTraceLimit = stackTraceLimit));

beforeEach(() => void outerProcess.on('unhandledRejection', unhandled).on('uncaughtException', unhandled));
afterEach(() => {
  outerProcess.off('unhandledRejection', unhandled).off('uncaughtException', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});

const silent: Logger = { info() {}, warn() {}, error() {} };

let closed = 0;

@WebSocketPath('/')
class Failing {
  @OnMessage('throw')
  throws(): never {
    throw new Error('thrown');
  }
  @OnMessage('reject')
  async rejects(): Promise<never> {
    throw new Error('rejected');
  }
  @OnMessage('iterate')
  iterates(): AsyncIterable<never> {
    return { [Symbol.asyncIterator]: this.throws };
  }
  @OnMessage('ping')
  ping(): string {
    return 'pong';
  }
}

@WebSocketPath('/stuck', { concurrency: BATCH })
class Stuck {
  @OnMessage('wait')
  waits(): Promise<never> {
    return new Promise(() => {});
  }
  @OnMessage('ping')
  ping(): string {
    return 'pong';
  }
  @OnClose()
  bye(): void {
    closed++;
  }
}

async function heap(): Promise<number> {
  for (let i = 0; i < 3; i++) {
    await settled();
    collectGarbage();
  }
  return process.memoryUsage().heapUsed;
}

/** How much the heap has grown when it was done so often, once it had been done often enough to have warmed up. */
async function growth(count: number, batch: () => Promise<void>): Promise<number> {
  for (let done = 0; done < WARM_UP; done += BATCH) await batch();
  const before = await heap();
  for (let done = 0; done < count; done += BATCH) await batch();
  return (await heap()) - before;
}

async function serveNeighbour(neighbour: TestClient): Promise<void> {
  expect(await neighbour.request('ping')).toBe('pong');
}

test.each([
  [EACH, 'throw'],
  [EACH, 'reject'],
  [EACH / 10, 'iterate'],
])('%i handlers that %s', async (count, event) => {
  let failures = 0;
  const app = await serve([Failing], { logger: silent, observers: [{ failed: () => void failures++ }] });
  const [client, neighbour] = [await app.connect('/'), await app.connect('/')];
  const reply = JSON.stringify({ event, error: { code: 'internal_error', message: 'Something went wrong.' } });
  const grown = await growth(count, async () => {
    for (let i = 0; i < BATCH; i++) client.emit(event);
    await serveNeighbour(neighbour);
    for (let i = 0; i < BATCH; i++) if ((await client.receive()) !== reply) throw new Error('another reply');
  });
  expect(await client.request('ping')).toBe('pong');
  expect(failures).toBe(WARM_UP + count);
  expect(grown).toBeLessThan(MOST);
});

test('handlers that never settle, on connections that close', async () => {
  closed = 0;
  const app = await serve([Stuck]);
  const neighbour = await app.connect('/stuck');
  const grown = await growth(EACH, async () => {
    const client = await app.connect('/stuck');
    for (let i = 0; i < BATCH; i++) client.emit('wait');
    await serveNeighbour(neighbour);
    await client.close();
    const before = closed;
    await app.advance(4999);
    expect(closed).toBe(before);
    await app.advance(1);
    expect(closed).toBe(before + 1);
  });
  expect(closed).toBe((WARM_UP + EACH) / BATCH);
  expect(app.connections.size).toBe(1);
  expect(grown).toBeLessThan(MOST);
});
