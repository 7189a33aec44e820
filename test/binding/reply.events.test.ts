import { MessagePackCodec, OnClose, OnError, OnMessage, OnOpen, PortalError, WebSocketPath } from '../../src';
import { deferred } from '../support/engine';
import { serve, settled } from '../support/serve';

/** A client of an application with an event `e` that does this, and one more to see what came before it. */
async function clientOf(method: () => unknown) {
  @WebSocketPath('/')
  class Controller {
    @OnMessage('e')
    e(): unknown {
      return method();
    }
    @OnMessage('probe')
    probe(): string {
      return 'nothing before';
    }
  }
  const app = await serve([Controller]);
  return { app, client: await app.connect('/') };
}

const PROBED = '{"event":"probe","data":"nothing before"}';

test.each<[string, () => unknown]>([
  ['undefined', () => undefined],
  ['null', () => null],
  ['a promise of nothing', () => Promise.resolve()],
  ['a promise of null', () => Promise.resolve(null)],
  ['a thenable of nothing', () => ({ then: (resolve: () => void) => resolve() })],
])('%s is no reply, but a message with an id is answered with null', async (_what, method) => {
  const { client } = await clientOf(method);
  client.emit('e');
  client.emit('probe');
  expect(await client.receive()).toBe(PROBED);
  for (const id of ['7', '0', '"a"', '""', '-1.5']) {
    client.send(`{"event":"e","id":${id}}`);
    client.emit('probe');
    expect(await client.receive()).toBe(`{"event":"e","data":null,"id":${id}}`);
    expect(await client.receive()).toBe(PROBED);
  }
});

const REPLIES: [string, () => unknown, string][] = [
  ['zero', () => 0, '0'],
  ['an empty string', () => '', '""'],
  ['false', () => false, 'false'],
  ['a string', () => 'hé "there"', '"hé \\"there\\""'],
  ['NaN, which JSON has not,', () => NaN, 'null'],
  ['an object', () => ({ a: [1, undefined], b: undefined }), '{"a":[1,null]}'],
  ['an array', () => [], '[]'],
  ['a Date', () => new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ['what has a toJSON', () => ({ toJSON: () => 'json' }), '"json"'],
  ['a promise of zero', async () => 0, '0'],
  ['a promise of an empty string', async () => '', '""'],
  ['a promise of false', async () => false, 'false'],
  ['a thenable', () => ({ then: (resolve: (value: number) => void) => resolve(5) }), '5'],
];

test.each(REPLIES)('%s is the data of the reply, with the id of the request', async (_what, method, data) => {
  const { client } = await clientOf(method);
  client.emit('e');
  expect(await client.receive()).toBe(`{"event":"e","data":${data}}`);
  for (const id of ['7', '"a"']) {
    client.send(`{"event":"e","id":${id}}`);
    client.emit('probe');
    expect(await client.receive()).toBe(`{"event":"e","data":${data},"id":${id}}`);
    expect(await client.receive()).toBe(PROBED);
  }
});

const INTERNAL = '"error":{"code":"internal_error","message":"Something went wrong."}';

test.each<[string, () => unknown]>([
  [
    'throws',
    () => {
      throw new Error('secret');
    },
  ],
  ['rejects', () => Promise.reject(new Error('secret'))],
  [
    'throws what is no error',
    () => {
      throw 'secret';
    },
  ],
  ['rejects with nothing', () => Promise.reject(undefined)],
  ['returns a function', () => () => 'secret'],
  ['returns a symbol', () => Symbol('secret')],
  ['returns a bigint', () => 1n],
  ['promises a bigint', async () => 1n],
  ['returns a thenable that throws', () => ({ then: failNow })],
  ['returns what throws when it is looked at', () => Object.defineProperty({}, 'then', { get: failNow })],
])('a handler that %s gives internal_error without detail, is logged, and stays open', async (_how, method) => {
  const { app, client } = await clientOf(method);
  client.emit('e');
  expect(await client.receive()).toBe(`{"event":"e",${INTERNAL}}`);
  client.send('{"event":"e","id":7}');
  client.emit('probe');
  expect(await client.receive()).toBe(`{"event":"e",${INTERNAL},"id":7}`);
  expect(await client.receive()).toBe(PROBED);
  expect(app.log.lines).toEqual(['error Controller.e failed', 'error Controller.e failed']);
});

function failNow(): never {
  throw new Error('secret');
}

test.each<[string, () => unknown]>([
  ['thrown', () => toThrow()],
  ['rejected', async () => toThrow()],
])('a PortalError that is %s is the error reply of its code, and not logged', async (_how, method) => {
  const { app, client } = await clientOf(method);
  const error = '"error":{"code":"room_full","message":"no room","details":{"max":5}}';
  client.emit('e');
  expect(await client.receive()).toBe(`{"event":"e",${error}}`);
  client.send('{"event":"e","id":"x"}');
  expect(await client.receive()).toBe(`{"event":"e",${error},"id":"x"}`);
  expect(app.log.lines).toEqual([]);
});

function toThrow(): never {
  throw new PortalError('room_full', 'no room', { details: { max: 5 } });
}

test.each<[string, unknown, string | undefined, string]>([
  ['a value', { sorry: true }, '{"event":"e","data":{"sorry":true}}', '{"event":"e","data":{"sorry":true},"id":7}'],
  ['a promise', Promise.resolve('sorry'), '{"event":"e","data":"sorry"}', '{"event":"e","data":"sorry","id":7}'],
  ['false', false, '{"event":"e","data":false}', '{"event":"e","data":false,"id":7}'],
  ['nothing', undefined, undefined, `{"event":"e",${INTERNAL},"id":7}`],
  ['null', null, undefined, `{"event":"e",${INTERNAL},"id":7}`],
])('%s that @OnError returns is sent; an id is answered in any case', async (_what, value, reply, replyToId) => {
  @WebSocketPath('/')
  class Controller {
    @OnMessage('e')
    e(): never {
      throw new Error('broken');
    }
    @OnError()
    take(): unknown {
      return value;
    }
  }
  const client = await (await serve([Controller])).connect('/');
  client.emit('e');
  client.send('{"event":"e","id":7}');
  if (reply !== undefined) expect(await client.receive()).toBe(reply);
  expect(await client.receive()).toBe(replyToId);
});

test('a PortalError that @OnError takes without a reply is still told to whoever sent an id', async () => {
  const taken: unknown[] = [];
  @WebSocketPath('/')
  class Controller {
    @OnMessage('e')
    e(): never {
      return toThrow();
    }
    @OnError(PortalError)
    take(error: PortalError): void {
      taken.push(error.code);
    }
  }
  const client = await (await serve([Controller])).connect('/');
  client.emit('e');
  await expect(client.request('e')).rejects.toMatchObject({ code: 'room_full', details: { max: 5 } });
  expect(taken).toEqual(['room_full', 'room_full']);
});

test('a plain handler owes no answer, whatever is in its message', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    text(message: string): string | undefined {
      return message === 'probe' ? 'nothing before' : undefined;
    }
  }
  const client = await (await serve([Controller])).connect('/');
  client.send('{"event":"e","id":7}');
  client.send('probe');
  expect(await client.receive()).toBe('nothing before');
});

test('a PortalError of a plain handler is an error reply without event, and the connection stays open', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnMessage()
    text(_message: string): never {
      return toThrow();
    }
  }
  const app = await serve([Controller]);
  const client = await app.connect('/');
  for (const message of ['x', '{"event":"e","id":7}']) {
    client.send(message);
    expect(await client.receive()).toBe('{"error":{"code":"room_full","message":"no room","details":{"max":5}}}');
  }
  expect(app.log.lines).toEqual([]);
});

test.each<[string, unknown, unknown]>([
  ['text', 'welcome', 'welcome'],
  ['an empty string', '', ''],
  ['bytes', Buffer.from([1]), Buffer.from([1])],
  ['JSON', { hello: 1 }, '{"hello":1}'],
  ['zero', 0, '0'],
  ['a promise', Promise.resolve('later'), 'later'],
  ['nothing, for null', null, 'first reply'],
  ['nothing, for undefined', undefined, 'first reply'],
])('@OnOpen greets with %s', async (_what, greeting, received) => {
  @WebSocketPath('/')
  class Controller {
    @OnOpen()
    greet(): unknown {
      return greeting;
    }
    @OnMessage()
    any(): string {
      return 'first reply';
    }
  }
  const client = await (await serve([Controller])).connect('/');
  client.send('x');
  expect(await client.receive()).toEqual(received);
});

test('in MessagePack, bytes are bytes and undefined is left out', async () => {
  @WebSocketPath('/', { codec: new MessagePackCodec() })
  class Controller {
    @OnMessage('bytes')
    bytes(): unknown {
      return { bytes: new Uint8Array([1, 2]), gone: undefined };
    }
    @OnMessage('nothing')
    nothing(): void {}
  }
  const client = await (await serve([Controller])).connect('/');
  expect(await client.request('bytes')).toEqual({ bytes: new Uint8Array([1, 2]) });
  expect(await client.request('nothing')).toBeNull();
});

test('a reply to a connection that has closed meanwhile is nobody’s failure', async () => {
  const gate = deferred();
  const closed = deferred();
  @WebSocketPath('/')
  class Controller {
    @OnMessage('e')
    async e(): Promise<string> {
      await gate.promise;
      return 'too late';
    }
    @OnClose()
    bye(): string {
      closed.resolve();
      return 'nobody hears it';
    }
  }
  const app = await serve([Controller]);
  const client = await app.connect('/');
  const asked = client.request('e');
  await client.close();
  gate.resolve();
  await closed.promise;
  await settled();
  await expect(asked).rejects.toThrow('the connection was closed');
  expect(app.log.lines).toEqual([]);
});
