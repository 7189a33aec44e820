import 'reflect-metadata';
import { Type } from 'class-transformer';
import { Allow, IsInt, IsOptional, IsString, ValidateNested } from 'class-validator';
import { z } from 'zod';
import { JsonCodec, MessageBody, MessagePackCodec, OnMessage, WebSocketPath, type Codec } from '../../src';
import { createTestApp, type TestApp } from '../../src/testing';
import { MemoryLogger, moduleOf } from '../support/app';

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

const COUNT = 100_000;
const keys = (value: unknown): object =>
  Object.fromEntries(Array.from({ length: COUNT }, (_, at) => [`k${at}`, value]));
const items = (item: unknown): unknown[] => Array<unknown>(COUNT).fill(item);

const SHAPES: [string, unknown][] = [
  ['unknown keys', keys(1)],
  ['unknown keys of an item', { items: [keys(1)] }],
  ['empty items', { items: items({}) }],
  ['items with an unknown key', { items: items({ x: 1 }) }],
  ['arrays for items', { items: items([]) }],
  ['nothings for items', { items: items(null) }],
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
])('%s: no reply is much longer than its request, nor lists more than 100 issues', (path, codec) => {
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

  test.each(['event', 'id'])('a long %s comes back as it is, and no longer', async (name) => {
    const client = await app.connect(path);
    const request = codec.encode({ event: 'none', id: 'a', [name]: '\u0001é"'.repeat(100_000) });
    client.send(request);
    const reply = await client.receive();
    expect(Buffer.byteLength(reply) - Buffer.byteLength(request)).toBeLessThanOrEqual(16 * 1024);
    expect(codec.decode(reply).error).toMatchObject({ code: 'unknown_event' });
    await client.close();
  });
});

test('bytes that are no UTF-8 do not come back as three each', async () => {
  const client = await app.connect('/pack');
  const head = Buffer.of(0x82, 0xa2, 0x69, 0x64, 0x01, 0xa5, 0x65, 0x76, 0x65, 0x6e, 0x74, 0xdb, 0, 1, 0, 0);
  client.send(Buffer.concat([head, Buffer.alloc(65_536, 0xff)]));
  const reply = new MessagePackCodec().decode(await client.receive());
  expect(reply).toEqual({ error: { code: 'malformed_message', message: 'The message could not be read.' } });
  await client.close();
});

test('more empty maps than honest messages have are not decoded', () => {
  const size = 2 ** 18 + 1;
  const bytes = Buffer.concat([Buffer.of(0xdd, 0, 4, 0, 1), Buffer.alloc(size, 0x80)]);
  expect(() => new MessagePackCodec().decode(bytes)).toThrow(RangeError);
});
