import { Channels, Connection, Inject, MessagePackCodec, OnMessage, PortalError, WebSocketPath } from '../../src';
import { serve, settled } from '../support/serve';

/** Jest's own copy of `process` hears nothing of these events. */
const outerProcess = (Buffer.constructor as (code: string) => () => NodeJS.Process)('return process')();

const unhandled = jest.fn();
beforeAll(() => void outerProcess.on('unhandledRejection', unhandled));
beforeEach(() => unhandled.mockClear());
afterAll(() => void outerProcess.off('unhandledRejection', unhandled));

/** What somebody forgot to await. */
const late = (reason = 'late'): never => Promise.reject(new Error(reason)) as never;

type Use = (connection: Connection, channels: Channels) => unknown;

const USES: [string, Use][] = [
  ['send', (connection) => connection.send(late())],
  ['sendResult', (connection) => connection.sendResult(late())],
  ['ping', (connection) => connection.ping(late())],
  ['pong', (connection) => connection.pong(late())],
  ['emit', (connection) => connection.emit('event', late())],
  ['emitResult', (connection) => connection.emitResult('event', late())],
  ['emit, of an object', (connection) => connection.emit('event', { user: late(), friends: [late(), late()] })],
  ['request', (connection) => connection.request('event', late())],
  ['request, of a list', (connection) => connection.request('event', [late(), late()])],
  ['publish', (connection) => connection.publish('room', late())],
  ['Channels.publish', (_connection, channels) => channels.publish('room', late())],
  ['toUser', (_connection, channels) => channels.toUser('ann').publish(late())],
  ['sendStream', (connection) => connection.sendStream(late())],
  ['sendStream, of a list', (connection) => connection.sendStream([late('first'), late('second')])],
  ['connection.user', (connection) => (connection.user = late())],
  ['the id of connection.user', (connection) => (connection.user = { id: late() })],
  ['a returned list', () => [late(), late()]],
  ['a returned object', () => ({ deep: { in: [late()] } })],
  [
    'details',
    () => {
      throw new PortalError('forbidden', 'no', { details: { who: late() } });
    },
  ],
];

const CODECS: [string, object][] = [
  ['JSON', {}],
  ['MessagePack', { codec: new MessagePackCodec() }],
];

describe.each(CODECS)('%s', (_codec, settings) => {
  test.each(USES)('a promise that rejects ends no process where it is given to %s', async (_what, use) => {
    @WebSocketPath('/', settings)
    class Forgetful {
      @OnMessage('use')
      use(connection: Connection, @Inject(Channels) channels: Channels): unknown {
        return use(connection, channels);
      }

      @OnMessage('after')
      after(): string {
        return 'still there';
      }
    }
    const app = await serve([Forgetful]);
    const client = await app.connect('/');
    await expect(client.request('use')).rejects.toThrow();
    // a stream that fails closes its own connection
    expect(await (await app.connect('/')).request('after')).toBe('still there');
    await settled();
    expect(unhandled).not.toHaveBeenCalled();
  });
});

test('a promise is no user: nobody would be found by it, and each guard would see one', async () => {
  @WebSocketPath('/')
  class Forgetful {
    @OnMessage('login')
    login(connection: Connection): string {
      expect(() => (connection.user = Promise.resolve({ id: 'ann' }) as never)).toThrow(
        new TypeError('connection.user is a promise: await it'),
      );
      return String(connection.user);
    }
  }
  const client = await (await serve([Forgetful])).connect('/');
  expect(await client.request('login')).toBe('undefined');
});

test.each<[string, () => unknown]>([
  ['true', () => Promise.resolve(true)],
  ['false', () => Promise.resolve(false)],
  ['a failure', late],
])('a broadcast whose picking is asynchronous reaches nobody, rather than all: %s', async (_what, answer) => {
  @WebSocketPath('/')
  class Plain {
    @OnMessage()
    echo(message: string): string {
      return message;
    }
  }
  const app = await serve([Plain]);
  const client = await app.connect('/');
  expect(() => app.connections.broadcast('secret', () => answer() as boolean)).toThrow('cannot be asynchronous');
  client.send('mine');
  expect(await client.receive()).toBe('mine');
  await settled();
  expect(unhandled).not.toHaveBeenCalled();
});
