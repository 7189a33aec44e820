import FakeTimers from '@sinonjs/fake-timers';
import { Connection, Module, OnMessage, WebSocketPath, type PortalError } from '../../src';
import { createTestApp } from '../../src/testing';

@WebSocketPath('/rooms/:room', { compression: true })
class RoomController {
  @OnMessage('echo')
  echo(text: string) {
    return text;
  }

  @OnMessage('ask')
  async ask(question: string, connection: Connection) {
    return connection.request('ask', question);
  }

  @OnMessage('count')
  async *count(to: number) {
    for (let each = 1; each <= to; each++) yield Promise.resolve(each);
  }

  @OnMessage('sleep')
  async sleep(ms: number) {
    await new Promise((resolve) => setTimeout(resolve, ms));
    return 'awake';
  }

  @OnMessage('date')
  date() {
    return new Date().toISOString();
  }
}

@Module({ controllers: [RoomController] })
class AppModule {}

/** Uses an application in every way that a test does; `pass` lets the test's own time pass. */
async function worksThroughout(pass: (ms: number) => unknown): Promise<void> {
  const app = await createTestApp(AppModule);
  const client = await app.connect('/rooms/lobby');
  expect(await client.request('echo', 'hi')).toBe('hi');
  expect(await client.request('count', 3)).toEqual([1, 2, 3]);
  await expect(app.connect('/nowhere')).rejects.toMatchObject({ status: 404 });

  const ignored = client.request('ask', 'Tea?').catch((error: PortalError) => error.code);
  await client.receiveEvent('ask');
  await app.advance(10_000);
  expect(await ignored).toBe('timeout');

  const sleeping = client.request('sleep', 60_000);
  await app.advance(0);
  pass(60_000);
  expect(await sleeping).toBe('awake');

  const other = await app.connect('/rooms/lobby');
  expect(await other.close(4000, 'bye')).toMatchObject({ code: 4000 });
  await app.close();
  expect(await client.closed).toMatchObject({ code: 1001, clean: true });
}

describe("jest's fake timers, from before createTestApp on", () => {
  afterEach(() => jest.useRealTimers());

  test.each<[string, Parameters<typeof jest.useFakeTimers>[0]]>([
    ['as they are', {}],
    ['of long ago', { legacyFakeTimers: true }],
    ['with a date', { now: 0 }],
    ['but for setImmediate', { doNotFake: ['setImmediate'] }],
    ['but for nextTick and queueMicrotask', { doNotFake: ['nextTick', 'queueMicrotask'] }],
    ['but for performance', { doNotFake: ['performance', 'Date', 'hrtime'] }],
  ])('all works: %s', async (_how, config) => {
    jest.useFakeTimers(config);
    await worksThroughout((ms) => jest.advanceTimersByTime(ms));
  });

  test('handlers have the date of the test', async () => {
    jest.useFakeTimers({ now: Date.UTC(2030, 0, 1) });
    const app = await createTestApp(AppModule);
    const client = await app.connect('/rooms/lobby');
    expect(await client.request('date')).toBe('2030-01-01T00:00:00.000Z');
    await app.close();
  });

  test('an application from before them goes on', async () => {
    const app = await createTestApp(AppModule);
    const client = await app.connect('/rooms/lobby');
    jest.useFakeTimers();
    expect(await client.request('echo', 'hi')).toBe('hi');
    await app.advance(1000);
    await app.close();
    expect(await client.closed).toMatchObject({ code: 1001, clean: true });
  });
});

test("all works with vitest's, which leave nextTick and queueMicrotask alone", async () => {
  const toFake = [
    'setTimeout',
    'clearTimeout',
    'setInterval',
    'clearInterval',
    'setImmediate',
    'clearImmediate',
    'Date',
    'performance',
  ];
  const clock = FakeTimers.install({ toFake: toFake as FakeTimers.FakeMethod[] });
  try {
    await worksThroughout((ms) => clock.tick(ms));
  } finally {
    clock.uninstall();
  }
});
