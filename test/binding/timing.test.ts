import {
  Connection,
  ForbiddenError,
  OnClose,
  OnError,
  OnMessage,
  OnOpen,
  OnUpgrade,
  PortalError,
  refuse,
  UseGuards,
  UseInterceptors,
  WebSocketPath,
  type Clock,
  type Guard,
  type Interceptor,
} from '../../src';
import { systemClock, type HandledCall } from '../../src/engine';
import { connect, start } from '../support/app';
import { serve, settled } from '../support/serve';

type Report = [call: string, ms: number, error?: unknown];

const reports: Report[] = [];
const calls: HandledCall[] = [];
const handled = (call: HandledCall, ms: number, error?: unknown): void => {
  calls.push(call);
  const { path, controller, method, kind, event } = call;
  const name = `${path} ${controller}.${method} ${kind}${event === undefined ? '' : ` ${event}`}`;
  reports.push(error === undefined ? [name, ms] : [name, ms, error]);
};

beforeEach(() => {
  reports.length = 0;
  calls.length = 0;
});

let release: () => void = () => {};
const later = (): Promise<void> => new Promise((resolve) => (release = resolve));

const slow: Interceptor = {
  async intercept(_context, next) {
    await later();
    return next();
  },
};

const nobody: Guard = { canActivate: () => false };

@WebSocketPath('/:room')
class Chat {
  @OnUpgrade()
  enter(): void {}
  @OnOpen()
  open(): void {}
  @OnMessage()
  text(message: string): string {
    return message;
  }
  @OnMessage('wait')
  @UseInterceptors(slow)
  wait(): string {
    return 'waited';
  }
  @OnMessage('throw')
  throws(): never {
    throw new Error('thrown');
  }
  @OnMessage('reject')
  async rejects(): Promise<never> {
    throw new Error('rejected');
  }
  @OnMessage('forbidden')
  @UseGuards(nobody)
  forbidden(): void {}
  @OnMessage('ask')
  async ask(connection: Connection): Promise<unknown> {
    return connection.request('name?');
  }
  @OnMessage('count')
  async *count(): AsyncGenerator<number> {
    yield 1;
    await later();
    yield 2;
  }
  @OnError()
  taken(error: Error): never {
    throw error;
  }
  @OnClose()
  close(): void {}
}

test('each method that is called, the pattern of the path and the event', async () => {
  const app = await serve([Chat], { observers: [{ handled }] });
  const client = await app.connect('/7');
  client.send('x');
  await client.receive();
  await client.request('unknown').catch(() => {});
  await client.close();
  await settled();
  expect(reports).toEqual([
    ['/:room Chat.enter upgrade', 0],
    ['/:room Chat.open open', 0],
    ['/:room Chat.text message', 0],
    // an event that nobody takes is plain text, which has a handler here
    ['/:room Chat.text message', 0],
    ['/:room Chat.close close', 0],
  ]);
  expect(calls[2]).toBe(calls[3]);
});

test('the time until it has settled, interceptors included', async () => {
  const app = await serve([Chat], { observers: [{ handled }] });
  const client = await app.connect('/7');
  const answer = client.request('wait');
  await app.advance(250);
  release();
  expect(await answer).toBe('waited');
  expect(reports.at(-1)).toEqual(['/:room Chat.wait message wait', 250]);
});

test('of an async iterable, the time until it is returned', async () => {
  const app = await serve([Chat], { observers: [{ handled }] });
  const client = await app.connect('/7');
  const answer = client.request('count');
  await app.advance(250);
  expect(reports.at(-1)).toEqual(['/:room Chat.count message count', 0]);
  release();
  expect(await answer).toEqual([1, 2]);
});

test.each<[string, unknown]>([
  ['throw', new Error('thrown')],
  ['reject', new Error('rejected')],
  ['forbidden', new ForbiddenError()],
])('what it threw: %s', async (event, error) => {
  const app = await serve([Chat], { observers: [{ handled }] });
  const client = await app.connect('/7');
  await client.request(event).catch(() => {});
  expect(reports.slice(2).map(([name, , thrown]) => [name.split(' ')[3], thrown])).toEqual([[event, error]]);
});

test('a client that leaves while it is asked something is no error', async () => {
  const app = await serve([Chat], { observers: [{ handled }] });
  const client = await app.connect('/7');
  client.emit('ask');
  await client.receiveEvent('name?');
  await client.close();
  await settled();
  expect(reports).toContainEqual(['/:room Chat.ask message ask', 0]);
});

describe('at an upgrade', () => {
  const refusal = refuse(403);

  @WebSocketPath('/guarded')
  @UseGuards(nobody)
  class Guarded {
    @OnMessage()
    text(): void {}
  }

  @WebSocketPath('/refused')
  class Refused {
    @OnUpgrade()
    enter(): void {
      throw refusal;
    }
    @OnMessage()
    text(): void {}
  }

  test('guards of a class count too, and a refusal is no error', async () => {
    const app = await serve([Guarded, Refused], { observers: [{ handled }] });
    await app.refusal('/guarded');
    await app.refusal('/refused');
    expect(reports).toEqual([
      ['/guarded Guarded. upgrade', 0, new ForbiddenError()],
      ['/refused Refused.enter upgrade', 0],
    ]);
  });
});

test.each([
  ['an observer that wants it', 2, [{ handled }]],
  ['others', 0, [{ received() {}, sent() {} }]],
  ['none', 0, []],
])('with %s a message asks %i times what time it is', async (_who, times, observers) => {
  let asked = 0;
  const clock: Clock = {
    now() {
      asked++;
      return systemClock.now();
    },
    after: (ms, callback) => systemClock.after(ms, callback),
  };
  const app = await start([Chat], { clock, observers, heartbeat: false });
  const client = await connect(app, '/7');
  asked = 0;
  expect(await client.ask('x')).toBe('x');
  expect(asked).toBe(times);
});

test('an impossible name of a channel is the error of which its peer is told', async () => {
  @WebSocketPath('/')
  class Names {
    @OnMessage('name')
    name(connection: Connection): void {
      connection.publish('room:*', 'x');
    }
  }
  const app = await start([Names], { observers: [{ handled }] });
  const client = await connect(app, '/');
  const answer = await client.ask('{"event":"name","id":1}');
  expect(JSON.parse(String(answer))).toMatchObject({ error: { code: 'validation_failed' } });
  await settled();
  expect(reports.map(([name, , error]) => [name, (error as PortalError | undefined)?.code])).toEqual([
    ['/ Names.name message name', 'validation_failed'],
  ]);
  expect(reports[0]![2]).toBeInstanceOf(PortalError);
  expect(app.log.errors).toEqual([]);
});
