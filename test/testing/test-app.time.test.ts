import { CloseInfo, Connection, OnClose, OnMessage, OnUpgrade, WebSocketPath, type Limits } from '../../src';
import { serve, settled } from '../support/serve';

/** Asks its peer again and again, and records the outcomes. */
function asking(...timeouts: number[]) {
  const outcomes: string[] = [];
  @WebSocketPath('/')
  class Asking {
    @OnMessage()
    async text(name: string, connection: Connection): Promise<void> {
      for (const timeoutMs of timeouts) {
        const outcome = connection.request(name, undefined, { timeoutMs });
        outcomes.push(await outcome.then(String, ({ code }: { code: string }) => `${name} ${code}`));
      }
    }
  }
  return { Asking, outcomes };
}

test('time stands still until it is advanced; then requests time out', async () => {
  const { Asking, outcomes } = asking(1000);
  const app = await serve([Asking]);
  const client = await app.connect('/');
  client.send('a');
  await settled();
  await app.advance(999);
  expect(outcomes).toEqual([]);
  await app.advance(1);
  expect(outcomes).toEqual(['a timeout']);
});

test('messages sent before arrive before time passes', async () => {
  const { Asking, outcomes } = asking(1000);
  const app = await serve([Asking]);
  const client = await app.connect('/');
  client.send('a');
  await app.advance(1000);
  expect(outcomes).toEqual(['a timeout']);
});

test('the effects of a time-out happen in the same advance', async () => {
  const { Asking, outcomes } = asking(1000, 500, 0, 400, 0, 100, 1);
  const app = await serve([Asking]);
  const client = await app.connect('/');
  client.send('a');
  client.send('b');
  await app.advance(2000);
  expect(outcomes).toEqual(Array(6).fill('a timeout'));
  await app.advance(2);
  expect(outcomes.slice(6)).toEqual(['a timeout']);
  await app.advance(1999);
  await app.advance(1);
  expect(outcomes).toHaveLength(14);
});

test('the effects of a time-out at the very end still happen', async () => {
  const { Asking, outcomes } = asking(1000, 0, 0);
  const app = await serve([Asking]);
  const client = await app.connect('/');
  client.send('a');
  await app.advance(1000);
  expect(outcomes).toHaveLength(3);
});

test('an answer in time ends the wait', async () => {
  const { Asking, outcomes } = asking(1000);
  const app = await serve([Asking]);
  const client = await app.connect('/');
  client.send('a');
  const question = await client.receiveEvent('a');
  await app.advance(999);
  client.respond(question, 'here');
  await app.advance(1);
  expect(outcomes).toEqual(['here']);
});

test('a ping takes no time', async () => {
  const times: number[] = [];
  @WebSocketPath('/')
  class Pinging {
    @OnMessage()
    async text(_message: string, connection: Connection): Promise<void> {
      times.push(await connection.ping());
    }
  }
  const app = await serve([Pinging]);
  const client = await app.connect('/');
  client.send('x');
  await app.advance(10);
  client.send('x');
  await app.advance(10);
  expect(times).toEqual([0, 0]);
});

describe('a handler that never settles', () => {
  function stuck(limits: Limits) {
    const closes: CloseInfo[] = [];
    @WebSocketPath('/', { limits })
    class Stuck {
      @OnMessage()
      any(): Promise<never> {
        return new Promise(() => {});
      }
      @OnClose()
      bye(close: CloseInfo): void {
        closes.push(close);
      }
    }
    return { Stuck, closes };
  }

  test.each([5000, 70])('keeps @OnClose waiting for closeTimeoutMs (%i)', async (closeTimeoutMs) => {
    const { Stuck, closes } = stuck(closeTimeoutMs === 5000 ? {} : { closeTimeoutMs });
    const app = await serve([Stuck]);
    const client = await app.connect('/');
    client.send('x');
    await client.close(1000);
    await app.advance(closeTimeoutMs - 1);
    expect(closes).toEqual([]);
    await app.advance(1);
    expect(closes).toEqual([{ code: 1000, reason: '', clean: true }]);
  });

  test('keeps the application from closing until the deadline of the shutdown', async () => {
    const { Stuck } = stuck({});
    const app = await serve([Stuck], { shutdown: { deadlineMs: 60_000 } });
    const client = await app.connect('/');
    client.send('x');
    await settled();
    const closing = app.close();
    await app.advance(50_000);
    expect(app.connections.size).toBe(1);
    await app.advance(10_000);
    await closing;
    expect(await client.closed).toMatchObject({ code: 1006 });
  });
});

// takes long: each test waits out that second of real time
describe('a promise that never settles keeps close() for little more than a second, with any deadline', () => {
  const never = (): Promise<never> => new Promise(() => {});

  @WebSocketPath('/')
  class Never {
    @OnMessage('handler')
    handler(): Promise<never> {
      return never();
    }
    @OnMessage('stream')
    async *stream(): AsyncGenerator<never> {
      yield await never();
    }
    @OnMessage('ask')
    ask(connection: Connection): Promise<unknown> {
      return connection.request('question', null, { timeoutMs: 2 ** 31 - 1 });
    }
    @OnMessage('close')
    goes(connection: Connection): void {
      connection.data = 'goes';
    }
    @OnClose()
    async bye(connection: Connection): Promise<void> {
      if (connection.data === 'goes') await never();
    }
  }

  test.each([
    ['handler', undefined],
    ['handler', 3_600_000],
    ['stream', undefined],
    ['ask', undefined],
    ['close', undefined],
  ])('%s, %p', async (event, deadlineMs) => {
    const app = await serve([Never], { shutdown: { deadlineMs } });
    const client = await app.connect('/');
    client.emit(event);
    await settled();
    await app.close();
    expect(await client.closed).toBeDefined();
    expect(app.connections.size).toBe(0);
  });

  test('onShutdown', async () => {
    class Pool {
      onShutdown(): Promise<never> {
        return never();
      }
    }
    const app = await serve([Never], { providers: [Pool] });
    await app.close();
    expect(app.log.lines).toEqual(['error Pool.onShutdown failed']);
  });
});

test('close() waits for a handler that takes a moment of real time', async () => {
  const done: string[] = [];
  @WebSocketPath('/')
  class Slow {
    @OnMessage()
    async any(_text: string): Promise<void> {
      await new Promise((resolve) => setTimeout(resolve, 100));
      done.push('handled');
    }
  }
  const app = await serve([Slow]);
  const client = await app.connect('/');
  client.send('x');
  await settled();
  await app.close();
  expect(done).toEqual(['handled']);
  expect(await client.closed).toMatchObject({ code: 1001 });
});

test('an upgrade that is not decided in handshakeTimeoutMs is refused with 408', async () => {
  @WebSocketPath('/')
  class Undecided {
    @OnUpgrade()
    judge(): Promise<void> {
      return new Promise(() => {});
    }
    @OnMessage()
    any(): void {}
  }
  const app = await serve([Undecided], { limits: { handshakeTimeoutMs: 300 } });
  const refusal = app.refusal('/');
  await app.advance(300);
  expect(await refusal).toMatchObject({ status: 408, body: 'The handshake took too long.' });
});
