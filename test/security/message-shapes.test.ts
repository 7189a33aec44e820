import 'reflect-metadata';
import { Type } from 'class-transformer';
import { Allow, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import fc from 'fast-check';
import { z } from 'zod';
import { JsonCodec, MessageBody, MessagePackCodec, OnMessage, WebSocketPath, type Codec } from '../../src';
import { classCheck } from '../../src/validation/class-check';
import { schemaCheck } from '../../src/validation/schema-check';
import { DEFAULT_LIMITS } from '../../src/engine';
import { createTestApp, type TestApp } from '../../src/testing';
import { MemoryLogger, moduleOf } from '../support/app';
import { outcomeOf } from '../support/checks';

class Item {
  @IsString()
  name!: string;

  @IsOptional()
  @IsInt()
  size?: number;
}

class Body {
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Item)
  items?: Item[];

  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Item)
  map?: Map<string, Item>;

  @IsOptional()
  @IsString({ each: true, message: '$value is no text' })
  texts?: string[];

  @IsOptional()
  @IsInt({ message: '$value $value $value' })
  size?: number;

  @Allow()
  any?: unknown;
}

const Schema = z.strictObject({ items: z.array(z.object({ name: z.string() })).optional() });

class Handlers {
  @OnMessage('class')
  class(body: Body) {
    return body.size ?? 'taken';
  }

  @OnMessage('schema')
  schema(@MessageBody(Schema) body: unknown) {
    return body === undefined;
  }
}

@WebSocketPath('/json')
class Json extends Handlers {}

@WebSocketPath('/pack', { codec: new MessagePackCodec() })
class Packed extends Handlers {}

const COUNT = 80_000;
const keys = (value: unknown): object =>
  Object.fromEntries(Array.from({ length: COUNT }, (_, at) => [`k${at}`, value]));
const items = (item: unknown): unknown[] => Array<unknown>(COUNT).fill(item);

const SHAPES: [string, unknown][] = [
  ['unknown keys', keys(1)],
  ['unknown keys of an item', { items: [keys(1)] }],
  ['empty items', { items: items({}) }],
  ['items with an unknown key', { items: items({ x: 1 }) }],
  ['arrays for items', { items: items([]) }],
  ['null for items', { items: items(null) }],
  ['empty values of a map', { map: keys({}) }],
  ['numbers for texts', { texts: items(1) }],
  ['a long text for a number', { size: 'é'.repeat(400_000) }],
  ['a long key', { ['"'.repeat(400_000)]: 1 }],
  ['long keys', Object.fromEntries(Array.from({ length: 90 }, (_, at) => [`${at}${'\u0001'.repeat(5000)}`, 1]))],
  ['a record with a name of every object', { any: { ...keys({}), toString: 1 } }],
];

let app: TestApp;

beforeAll(async () => {
  app = await createTestApp(moduleOf([Json, Packed]), {
    logger: new MemoryLogger(),
    limits: { maxMessageBytes: 4 * 1024 * 1024 },
  });
});

afterAll(() => app.close());

describe.each<[string, Codec]>([
  ['/json', new JsonCodec()],
  ['/pack', new MessagePackCodec()],
])('%s: replies to bad bodies are short, and list 100 issues at most', (path, codec) => {
  test.each(SHAPES.flatMap(([what, data]) => ['class', 'schema'].map((event) => [event, what, data] as const)))(
    '%s: %s',
    async (event, _what, data) => {
      const client = await app.connect(path);
      client.send(codec.encode({ event, data, id: 1 }));
      const reply = await client.receive();
      expect(Buffer.byteLength(reply)).toBeLessThanOrEqual(16 * 1024 + 200);
      const { error, id } = codec.decode(reply);
      expect(id).toBe(1);
      expect(error).toMatchObject({ code: 'validation_failed' });
      expect((error!.details as unknown[]).length).toBeLessThanOrEqual(100);
      await client.close();
    },
  );

  test.each(['event', 'id'])('a long %s comes back no longer than it was', async (name) => {
    const client = await app.connect(path);
    const request = codec.encode({ event: 'none', id: 'a', [name]: '\u0001é"'.repeat(100_000) });
    client.send(request);
    const reply = await client.receive();
    expect(Buffer.byteLength(reply) - Buffer.byteLength(request)).toBeLessThanOrEqual(16 * 1024);
    expect(codec.decode(reply).error).toMatchObject({ code: 'unknown_event' });
    await client.close();
  });
});

test('bytes that are not UTF-8 do not come back as three bytes each', async () => {
  const client = await app.connect('/pack');
  const head = Buffer.of(0x82, 0xa2, 0x69, 0x64, 0x01, 0xa5, 0x65, 0x76, 0x65, 0x6e, 0x74, 0xdb, 0, 1, 0, 0);
  client.send(Buffer.concat([head, Buffer.alloc(65_536, 0xff)]));
  const reply = new MessagePackCodec().decode(await client.receive());
  expect(reply).toEqual({ error: { code: 'malformed_message', message: 'The message could not be read.' } });
  await client.close();
});

describe('validation takes work linear to the size of the body', () => {
  /** Counts each read of a property or of property names in the body, nested objects included. */
  function counted<T extends object>(body: T, reads: { count: number }): T {
    return new Proxy(body, {
      get(target, name, receiver) {
        reads.count++;
        const value: unknown = Reflect.get(target, name, receiver);
        return typeof value === 'object' && value !== null ? counted(value, reads) : value;
      },
      ownKeys(target) {
        const keys = Reflect.ownKeys(target);
        reads.count += keys.length;
        return keys;
      },
    });
  }

  const leaf = fc.constantFrom<unknown>(1, 'a', null, true, [], {}, { name: 'a' }, { x: 1 }, { name: 1, size: 'a' }, [
    {},
  ]);
  const part = fc.oneof(
    leaf,
    fc.array(leaf, { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('name', 'size', 'x', 'y', 'toString', '0'), leaf, { maxKeys: 3 }),
  );
  const place = fc.constantFrom('items', 'map', 'texts', 'size', 'any', 'unknown', '');
  const times = (part: unknown, count: number, isArray: boolean): object =>
    isArray
      ? Array<unknown>(count).fill(part)
      : Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, part]));

  test.each<[string, unknown]>([
    ['a class', Body],
    ['a schema', Schema],
  ])('%s', async (_what, type) => {
    const limits = { ...DEFAULT_LIMITS, maxKeys: 1_000_000 };
    const check = type === Schema ? schemaCheck(Schema, limits) : classCheck(Body, {}, limits);
    await fc.assert(
      fc.asyncProperty(place, part, fc.boolean(), async (name, item, isArray) => {
        for (const count of [10, 1000]) {
          const many = times(item, count, isArray);
          const body = name === '' ? { ...many } : { [name]: many };
          const reads = { count: 0 };
          await outcomeOf(check, counted(body, reads));
          // each value has at least one character, beside its comma
          expect(reads.count).toBeLessThanOrEqual(5 * JSON.stringify(body).length);
        }
      }),
      { numRuns: 150 },
    );
  });
});
