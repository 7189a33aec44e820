import 'reflect-metadata';
import { inspect } from 'node:util';
import {
  Catch,
  MessagePackCodec,
  OnMessage,
  OnUpgrade,
  PortalError,
  UseFilters,
  WebSocketPath,
  type Codec,
  type Envelope,
  type ExceptionFilter,
} from '../../src';
import { createTestApp, type TestApp, type TestClient } from '../../src/testing';
import { MemoryLogger, moduleOf } from '../support/app';

const cycle: Record<string, unknown> = {};
cycle.self = cycle;
const { proxy: revoked, revoke } = Proxy.revocable({}, {});
revoke();

/** Not JSON, and no MessagePack. */
const UNTELLABLE: Record<string, unknown> = {
  'a cycle': cycle,
  'a getter that throws': {
    get value(): never {
      throw new Error('getter');
    },
  },
  'a toJSON that throws': {
    toJSON: (): never => {
      throw new Error('toJSON');
    },
    value: Symbol('s'),
  },
  'a Proxy that was revoked': { revoked },
  'a Map in it': { map: new Map([[1, 2]]) },
  'an Error in it': { list: [new Error('inner')] },
};

class NoCode extends PortalError {
  constructor() {
    super('sold_out');
    Object.defineProperty(this, 'code', { value: 7 });
  }
}

class NoMessage extends PortalError {
  constructor() {
    super('sold_out');
    Object.defineProperty(this, 'message', {
      get: () => {
        throw new Error('no message');
      },
    });
  }
}

const THROWN: Record<string, () => unknown> = {
  'a code that is no string': () => new NoCode(),
  'a message that throws': () => new NoMessage(),
  nothing: () => undefined,
  null: () => null,
  'a frozen object': () => Object.freeze({}),
  'a revoked Proxy': () => revoked,
  'a Proxy that throws': () =>
    new Proxy(new Error('x'), {
      get: () => {
        throw new Error('trap');
      },
      getPrototypeOf: () => {
        throw new Error('trap');
      },
    }),
};

@Catch(RangeError)
class ReturnsCycle implements ExceptionFilter<RangeError> {
  catch(): unknown {
    return cycle;
  }
}

class Handlers {
  @OnMessage('details')
  details(which: string): void {
    throw new PortalError('sold_out', 'None left.', { details: UNTELLABLE[which] });
  }

  @OnMessage('thrown')
  thrown(which: string): void {
    throw THROWN[which]!();
  }

  @OnMessage('reply')
  reply(which: string): unknown {
    return UNTELLABLE[which];
  }

  @OnMessage('items')
  async *items(which: string): AsyncGenerator<unknown> {
    yield await Promise.resolve(1);
    yield UNTELLABLE[which];
  }

  @OnMessage('filtered')
  @UseFilters(ReturnsCycle)
  filtered(): void {
    throw new RangeError('out');
  }

  @OnMessage('alive')
  alive(): string {
    return 'alive';
  }
}

@WebSocketPath('/json')
class Json extends Handlers {}

@WebSocketPath('/pack', { codec: new MessagePackCodec() })
class Packed extends Handlers {}

/** Encodes no error with a message of more than a few characters, then none at all. */
class Brittle implements Codec {
  readonly binary = false;
  mute = false;

  decode(message: string | Uint8Array): Envelope {
    return JSON.parse(message as string) as Envelope;
  }

  encode(envelope: Envelope): string {
    if (envelope.error !== undefined && (this.mute || envelope.error.code !== 'internal_error'))
      throw new Error('brittle');
    return JSON.stringify(envelope);
  }
}

const brittle = new Brittle();

@WebSocketPath('/brittle', { codec: brittle })
class BrittlePath extends Handlers {}

@WebSocketPath('/upgrade/:which')
class Upgraded {
  @OnUpgrade()
  upgrade(): never {
    throw Object.defineProperty(new PortalError('sold_out'), 'status', { value: 'none' });
  }

  @OnMessage('alive')
  alive(): void {}
}

let app: TestApp;
let log: MemoryLogger;

beforeEach(async () => {
  log = new MemoryLogger();
  app = await createTestApp(moduleOf([Json, Packed, BrittlePath, Upgraded]), { logger: log });
  brittle.mute = false;
});

afterEach(() => app.close());

/** What the log says, and which handler it names. */
function logged(): string {
  return [...log.lines, ...log.errors.map((error) => inspect(error, { depth: 6 }))].join('\n');
}

async function errorOf(client: TestClient, event: string, data?: unknown): Promise<PortalError> {
  return client.request(event, data).then(
    (answer) => Promise.reject(new Error(`answered ${inspect(answer)}`)),
    (error: unknown) => error as PortalError,
  );
}

describe.each(['/json', '/pack'])('%s', (path) => {
  const isJson = path === '/json';
  const untellable = Object.keys(UNTELLABLE).filter((which) => isJson || which !== 'a toJSON that throws');

  test.each(untellable)('details with %s are left out, and logged with the error', async (which) => {
    const client = await app.connect(path);
    const error = await errorOf(client, 'details', which);
    expect(error).toMatchObject({ code: 'sold_out', message: 'None left.' });
    expect(error.details).toBeUndefined();
    expect(logged()).toMatch(/details failed/);
    expect(logged()).toContain('None left.');
    expect(await client.request('alive')).toBe('alive');
  });

  test.each(Object.keys(THROWN))('what is thrown may be %s', async (which) => {
    const client = await app.connect(path);
    expect(await errorOf(client, 'thrown', which)).toMatchObject({ code: expect.any(String) as string });
    expect(logged()).toMatch(/thrown failed/);
    expect(await client.request('alive')).toBe('alive');
  });

  test.each(untellable)('a reply with %s is an internal error, and logged', async (which) => {
    const client = await app.connect(path);
    expect(await errorOf(client, 'reply', which)).toMatchObject({ code: 'internal_error' });
    expect(logged()).toMatch(/reply failed/);
    expect(await client.request('alive')).toBe('alive');
  });

  test.each(untellable)('an item with %s ends the answer with an internal error', async (which) => {
    const client = await app.connect(path);
    expect(await errorOf(client, 'items', which)).toMatchObject({ code: 'internal_error' });
    expect(logged()).toMatch(/items failed/);
    expect(await client.request('alive')).toBe('alive');
  });

  test('what a filter returns may be untellable: then the error is told', async () => {
    const client = await app.connect(path);
    expect(await errorOf(client, 'filtered')).toMatchObject({ code: 'internal_error' });
    expect(logged()).toMatch(/filtered failed/);
    expect(await client.request('alive')).toBe('alive');
  });
});

test('lone surrogates are told', async () => {
  const client = await app.connect('/json');
  client.send('{"event":"thrown\\ud800","id":"\\udc00"}');
  expect(await client.receive()).toBe(
    '{"event":"thrown\\ud800","error":{"code":"unknown_event","message":"No handler takes this event."},"id":"\\udc00"}',
  );
});

test('where the codec encodes no error but the shortest, that is sent', async () => {
  const client = await app.connect('/brittle');
  expect(await errorOf(client, 'details', 'none')).toMatchObject({ code: 'internal_error' });
  expect(logged()).toContain('brittle');
  expect(await client.request('alive')).toBe('alive');
});

test('where it encodes none at all, the connection is closed, and the process lives', async () => {
  brittle.mute = true;
  const client = await app.connect('/brittle');
  client.emit('details', 'none');
  expect(await client.closed).toMatchObject({ code: 1011 });
  expect(logged()).toContain('brittle');
});

test('a status that is none refuses the upgrade with 500', async () => {
  await expect(app.connect('/upgrade/a')).rejects.toThrow(/500/);
  expect(logged()).toMatch(/upgrade failed/);
});
