import 'reflect-metadata';
import { Type } from 'class-transformer';
import { IsArray, IsInstance, IsString, MaxLength, registerDecorator, ValidateNested } from 'class-validator';
import * as v from 'valibot';
import * as z from 'zod';
import { ConnectedSocket, Connection, MessageBody, MessagePackCodec, OnMessage, WebSocketPath } from '../../src';
import { createTestApp, type TestApp, type TestClient } from '../../src/testing';
import { MemoryLogger, moduleOf } from '../support/app';

class Item {
  @IsString()
  @MaxLength(3)
  name!: string;
}

class Order {
  @IsArray()
  @ValidateNested({ each: true })
  @Type(() => Item)
  items!: Item[];
}

class Account {
  name!: string;
}
registerDecorator({
  name: 'free',
  target: Account,
  propertyName: 'name',
  async: true,
  options: { message: '$property is taken' },
  validator: { validate: (name) => Promise.resolve(name !== 'taken') },
});

class Upload {
  @IsInstance(Uint8Array)
  bytes!: Uint8Array;
}

const zodSchema = z.object({ at: z.string().transform((text) => new Date(text)) });
const zodLater = z.object({ name: z.string().refine((name) => Promise.resolve(name !== 'taken'), 'taken') });
const valibotSchema = v.object({ n: v.pipe(v.string(), v.transform(Number), v.number('no number')) });
const valibotLater = v.objectAsync({
  name: v.pipeAsync(
    v.string(),
    v.checkAsync((name) => Promise.resolve(name !== 'taken'), 'taken'),
  ),
});

/** What handlers were called with. */
const calls: unknown[] = [];

function called(...args: unknown[]): unknown {
  calls.push(...args);
  return args.length === 1 ? args[0] : args;
}

@WebSocketPath('/')
class Events {
  @OnMessage('order')
  order(order: Order): unknown {
    return [called(order), order instanceof Order, order.items.every((item) => item instanceof Item)];
  }

  @OnMessage('told')
  told(@MessageBody(() => Order) order: unknown): unknown {
    return [called(order), order instanceof Order];
  }

  @OnMessage('account')
  account(account: Account, @ConnectedSocket() connection: Connection): unknown {
    return [called(account), account instanceof Account, connection instanceof Connection];
  }

  @OnMessage('fields')
  fields(@MessageBody('item') item?: Item, @MessageBody('count') count?: number): unknown {
    return called(item ?? 'no item', count ?? 'no count');
  }

  @OnMessage('both')
  both(@MessageBody('account') account: Account, @MessageBody('item') item: Item): unknown {
    return called(account, item);
  }

  @OnMessage('whole')
  whole(@MessageBody() whole: unknown, @MessageBody('count') count: number): unknown {
    return called(whole, count);
  }

  @OnMessage('zod')
  zod(@MessageBody(zodSchema) { at }: z.output<typeof zodSchema>): unknown {
    return [called(at), at instanceof Date];
  }

  @OnMessage('zod.later')
  zodLater(@MessageBody(zodLater) body: z.output<typeof zodLater>): unknown {
    return called(body);
  }

  @OnMessage('valibot')
  valibot(@MessageBody(valibotSchema) { n }: v.InferOutput<typeof valibotSchema>): unknown {
    return called(n);
  }

  @OnMessage('valibot.later')
  valibotLater(@MessageBody(valibotLater) body: v.InferOutput<typeof valibotLater>): unknown {
    return called(body);
  }

  @OnMessage('text')
  text(text: string): unknown {
    return called(text);
  }

  @OnMessage('number')
  number(number: number): unknown {
    return called(number);
  }

  @OnMessage('boolean')
  boolean(boolean: boolean): unknown {
    return called(boolean);
  }

  @OnMessage('array')
  array(array: unknown[]): unknown {
    return called(array);
  }

  @OnMessage('bytes')
  bytes(bytes: Uint8Array): unknown {
    return called(bytes);
  }

  @OnMessage('upload')
  upload(upload: Upload): unknown {
    return called(upload.bytes);
  }
}

@WebSocketPath('/packed', { codec: new MessagePackCodec() })
class Packed extends Events {}

@WebSocketPath('/plain')
class Plain {
  @OnMessage()
  order(order: Order): unknown {
    return called(order);
  }
}

@WebSocketPath('/plain/packed', { codec: new MessagePackCodec() })
class PlainPacked {
  @OnMessage()
  item(@MessageBody('item') item: Item): unknown {
    return called(item);
  }
}

let app: TestApp;
let log: MemoryLogger;

beforeEach(async () => {
  calls.length = 0;
  log = new MemoryLogger();
  app = await createTestApp(moduleOf([Events, Packed, Plain, PlainPacked]), { logger: log });
});

afterEach(async () => {
  await app.close();
  expect(log.lines).toEqual([]);
});

const VALIDATION_FAILED = { code: 'validation_failed', message: 'The message is not valid.' };

describe('a valid body', () => {
  test.each<[string, unknown, unknown]>([
    ['order', { items: [{ name: 'a' }] }, [{ items: [{ name: 'a' }] }, true, true]],
    ['told', { items: [] }, [{ items: [] }, true]],
    ['account', { name: 'ann' }, [{ name: 'ann' }, true, true]],
    ['fields', { item: { name: 'a' }, count: 0, more: 1 }, [{ name: 'a' }, 0]],
    ['fields', {}, ['no item', 'no count']],
    ['fields', undefined, ['no item', 'no count']],
    ['fields', 'text', ['no item', 'no count']],
    ['both', { account: { name: 'ann' }, item: { name: 'a' } }, [{ name: 'ann' }, { name: 'a' }]],
    ['whole', { count: 1, more: [] }, [{ count: 1, more: [] }, 1]],
    ['zod', { at: '2026-02-03' }, ['2026-02-03T00:00:00.000Z', true]],
    ['zod.later', { name: 'ann', more: 1 }, { name: 'ann' }],
    ['valibot', { n: '7' }, 7],
    ['valibot.later', { name: 'ann' }, { name: 'ann' }],
    ['text', '', ''],
    ['number', 0, 0],
    ['boolean', false, false],
    ['array', [1, 'a'], [1, 'a']],
  ])('%s %j', async (event, data, expected) => {
    const client = await app.connect('/');
    expect(await client.request(event, data)).toEqual(expected);
  });
});

describe('the error reply to a body that is not valid', () => {
  test.each<[string, unknown, Record<string, string>]>([
    ['order', { items: [{ name: 'a' }, { name: 'long' }] }, { 'items.1.name': 'maxLength' }],
    ['order', { items: [], more: 1 }, { more: 'whitelistValidation' }],
    ['order', [], { '': 'isObject' }],
    ['order', undefined, { '': 'isObject' }],
    ['told', { items: 1 }, { items: 'isArray,nestedValidation' }],
    ['account', { name: 'taken' }, { name: 'free' }],
    ['fields', { item: { name: 'long' } }, { 'item.name': 'maxLength' }],
    ['fields', { item: null }, { item: 'isObject' }],
    ['fields', { count: '1' }, { count: 'isNumber' }],
    ['both', { account: { name: 'taken' }, item: [] }, { item: 'isObject' }],
    ['whole', { count: null }, { count: 'isNumber' }],
    ['zod', { at: 1 }, { at: 'schema' }],
    ['zod', null, { '': 'schema' }],
    ['zod.later', { name: 'taken' }, { name: 'schema' }],
    ['valibot', { n: 'x' }, { n: 'schema' }],
    ['valibot.later', { name: 'taken' }, { name: 'schema' }],
    ['text', 1, { '': 'isString' }],
    ['text', null, { '': 'isString' }],
    ['number', '1', { '': 'isNumber' }],
    ['number', null, { '': 'isNumber' }],
    ['boolean', 0, { '': 'isBoolean' }],
    ['array', { length: 0 }, { '': 'isArray' }],
    ['bytes', 'AQID', { '': 'isBytes' }],
    ['bytes', [1, 2, 3], { '': 'isBytes' }],
    ['upload', { bytes: { type: 'Buffer', data: [1] } }, { bytes: 'isInstance' }],
  ])('%s %j', async (event, data, expected) => {
    const client = await app.connect('/');
    client.emit(event, data);
    const { error, ...rest } = await client.receiveEvent();
    expect(rest).toEqual({ event });
    expect(error).toEqual({ ...VALIDATION_FAILED, details: expect.any(Array) as unknown });
    const details = error!.details as { path: string; constraints: object }[];
    expect(Object.fromEntries(details.map(({ path, constraints }) => [path, Object.keys(constraints).join()]))).toEqual(
      expected,
    );
    expect(calls).toEqual([]);
    // it stays open
    expect(await client.request('text', 'still there')).toBe('still there');
  });

  test('carries the id of the message, and texts to show', async () => {
    const client = await app.connect('/');
    client.send('{"event":"order","data":{"items":[{"name":1}]},"id":"a7"}');
    expect(JSON.parse((await client.receive()) as string)).toEqual({
      event: 'order',
      error: {
        ...VALIDATION_FAILED,
        details: [
          {
            path: 'items.0.name',
            constraints: {
              isString: 'name must be a string',
              maxLength: 'name must be shorter than or equal to 3 characters',
            },
          },
        ],
      },
      id: 'a7',
    });
    client.send('{"event":"number","data":"1","id":0}');
    expect(JSON.parse((await client.receive()) as string)).toMatchObject({ event: 'number', id: 0 });
  });

  test('comes before the answer to a later message, whatever time it takes', async () => {
    const client = await app.connect('/');
    const reject = (error: { code: string }): string => error.code;
    const answers = [
      client.request('account', { name: 'taken' }).catch(reject),
      client.request('text', 'a'),
      client.request('zod.later', { name: 'taken' }).catch(reject),
      client.request('number', 1),
    ];
    const order: unknown[] = [];
    await Promise.all(answers.map((answer) => answer.then((value) => order.push(value))));
    expect(order).toEqual(['validation_failed', 'a', 'validation_failed', 1]);
  });
});

describe('a handler of messages that are no events', () => {
  const ask = async (client: TestClient, message: string): Promise<unknown> => {
    client.send(message);
    return JSON.parse((await client.receive()) as string);
  };

  test('with a class as body decodes and validates the message itself', async () => {
    const client = await app.connect('/plain');
    expect(await ask(client, '{"items":[{"name":"a"}]}')).toEqual({ items: [{ name: 'a' }] });
    expect(await ask(client, '{"items":[{"name":1}]}')).toEqual({
      error: { ...VALIDATION_FAILED, details: [{ path: 'items.0.name', constraints: expect.any(Object) as unknown }] },
    });
    for (const text of ['', 'x', '{"items":[]', '{"__proto__":{"items":[]}}']) {
      expect(await ask(client, text)).toEqual({
        error: { code: 'malformed_message', message: 'The message could not be read.' },
      });
    }
    for (const text of ['null', '7', '"text"', '[{"items":[]}]', '{"items":[],"more":1}']) {
      expect(await ask(client, text)).toMatchObject({ error: VALIDATION_FAILED });
    }
    expect(calls).toHaveLength(1);
    expect(await ask(client, '{"items":[]}')).toEqual({ items: [] });
  });

  test('does so with the codec of its path', async () => {
    const codec = new MessagePackCodec();
    const client = await app.connect('/plain/packed');
    client.send(codec.encode({ item: { name: 'a' } } as never));
    expect(await client.receive()).toBe('{"name":"a"}');
    client.send(codec.encode({ item: { name: 'long' } } as never));
    const reply = codec.decode(await client.receive());
    expect(reply).toMatchObject({ error: { ...VALIDATION_FAILED, details: [{ path: 'item.name' }] } });
    client.send('{"item":{"name":"a"}}');
    expect(await client.closed).toMatchObject({ code: 1003 });
  });
});

describe('MessagePack', () => {
  const bytes = Uint8Array.from([0, 1, 255]);

  test.each(['bytes', 'upload'])('brings bytes as bytes (%s)', async (event) => {
    const client = await app.connect('/packed');
    expect(await client.request(event, event === 'bytes' ? bytes : { bytes })).toEqual(Buffer.from(bytes));
    expect(calls).toEqual([Buffer.from(bytes)]);
    // they are no view of what the next message is read into
    await client.request('bytes', Uint8Array.from([9, 9, 9]));
    expect(calls[0]).toEqual(Buffer.from(bytes));
  });

  test.each<[string, unknown, Record<string, unknown>]>([
    ['bytes', 'text', { path: '', constraints: { isBytes: 'data must be bytes' } }],
    ['text', bytes, { path: '', constraints: { isString: 'data must be a string' } }],
    ['order', bytes, { path: '', constraints: { isObject: 'data must be an object' } }],
    ['upload', { bytes: 'text' }, { path: 'bytes' }],
    ['order', { items: [new Date(0)] }, { path: 'items.0' }],
    ['account', new Date(0), { path: '', constraints: { unknownValue: expect.any(String) as unknown } }],
  ])('is validated as JSON is: %s %p', async (event, data, issue) => {
    const client = await app.connect('/packed');
    await expect(client.request(event, data)).rejects.toMatchObject({ ...VALIDATION_FAILED, details: [issue] });
    expect(calls).toEqual([]);
  });
});

test('validation options of the application reach every body', async () => {
  const lenient = await createTestApp(moduleOf([Events, Plain]), { validation: { forbidNonWhitelisted: false } });
  const client = await lenient.connect('/');
  expect(await client.request('fields', { item: { name: 'a', more: 1 } })).toEqual([{ name: 'a' }, 'no count']);
  const plain = await lenient.connect('/plain');
  plain.send('{"items":[{"name":"a","more":1}],"more":1}');
  expect(await plain.receive()).toBe('{"items":[{"name":"a"}]}');
  await lenient.close();
});
