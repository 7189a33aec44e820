import 'reflect-metadata';
import { encode } from '@msgpack/msgpack';
import { Type } from 'class-transformer';
import { IsDate, IsInt, IsOptional } from 'class-validator';
import { z } from 'zod';
import { MessageBody, MessagePackCodec, OnMessage, WebSocketPath } from '../../src';
import { createTestApp, type TestApp } from '../../src/testing';
import { MemoryLogger, moduleOf } from '../support/app';

class Query {
  @IsOptional()
  @IsInt()
  page = 1;
}

class Event {
  @IsDate()
  at!: Date;

  @IsOptional()
  @IsDate()
  @Type(() => Date)
  until?: Date;
}

/** As decorators of applications wrap a method: its own parameters are hidden. */
function Wrapped(_target: object, _name: string, descriptor: PropertyDescriptor): void {
  const { value: method } = descriptor as { value: (...args: unknown[]) => unknown };
  descriptor.value = function (this: unknown, ...args: unknown[]) {
    return method.apply(this, args);
  };
}

class Handlers {
  @OnMessage('list')
  list(query: Query = new Query()) {
    return [query instanceof Query, query];
  }

  @OnMessage('page')
  page(page?: number) {
    return page ?? 'none';
  }

  @OnMessage('texts')
  texts(@MessageBody() texts: string[] = ['a']) {
    return texts;
  }

  @OnMessage('needs')
  needs(query: Query) {
    return query;
  }

  @OnMessage('wrapped')
  @Wrapped
  wrapped(query: Query) {
    return query;
  }

  @OnMessage('schema')
  schema(@MessageBody(z.object({ page: z.number() }).default({ page: 3 })) query: { page: number }) {
    return query;
  }

  @OnMessage('strict')
  strict(@MessageBody(z.object({ page: z.number() })) query: { page: number } = { page: 4 }) {
    return query;
  }

  @OnMessage('at')
  at(at: Date) {
    return at.getTime();
  }

  @OnMessage('field')
  field(@MessageBody('at') at: Date) {
    return at.getTime();
  }

  @OnMessage('event')
  event({ at, until }: Event) {
    return [at.getTime(), until?.getTime()];
  }
}

@WebSocketPath('/json')
class Json extends Handlers {}

@WebSocketPath('/pack', { codec: new MessagePackCodec() })
class Packed extends Handlers {}

let app: TestApp;

beforeAll(async () => {
  app = await createTestApp(moduleOf([Json, Packed]), { logger: new MemoryLogger() });
});

afterAll(() => app.close());

describe.each(['/json', '/pack'])('%s', (path) => {
  test.each<[string, unknown]>([
    ['list', [true, { page: 1 }]],
    ['page', 'none'],
    ['texts', ['a']],
    ['schema', { page: 3 }],
    ['strict', { page: 4 }],
  ])('%s without data gets its default', async (event, expected) => {
    const client = await app.connect(path);
    expect(await client.request(event)).toEqual(expected);
  });

  test.each(['needs', 'wrapped'])('%s, a class without a default, wants data', async (event) => {
    const client = await app.connect(path);
    await expect(client.request(event)).rejects.toMatchObject({ code: 'validation_failed' });
    expect(await client.request(event, {})).toEqual({ page: 1 });
  });

  test.each<[string, unknown, string]>([
    ['list', null, 'isObject'],
    ['list', { page: 'x' }, 'isInt'],
    ['page', null, 'isNumber'],
    ['page', '1', 'isNumber'],
    ['texts', 'a', 'isArray'],
    ['schema', null, 'schema'],
  ])('%s: %j is not absent', async (event, data, constraint) => {
    const client = await app.connect(path);
    await expect(client.request(event, data)).rejects.toMatchObject({
      code: 'validation_failed',
      details: [{ constraints: { [constraint]: expect.any(String) as string } }],
    });
  });

  test('what is there takes the place of the default', async () => {
    const client = await app.connect(path);
    expect(await client.request('list', { page: 2 })).toEqual([true, { page: 2 }]);
    expect(await client.request('page', 0)).toBe(0);
    expect(await client.request('strict', { page: 9 })).toEqual({ page: 9 });
  });
});

describe('a Date', () => {
  const at = new Date('2026-02-03T04:05:06Z');

  test.each<[string, unknown, unknown]>([
    ['at', at, at.getTime()],
    ['field', { at }, at.getTime()],
    ['event', { at, until: at }, [at.getTime(), at.getTime()]],
    ['event', { at, until: at.toISOString() }, [at.getTime(), at.getTime()]],
  ])('of MessagePack is taken: %s', async (event, data, expected) => {
    const client = await app.connect('/pack');
    expect(await client.request(event, data)).toEqual(expected);
  });

  test.each<[string, unknown]>([
    ['at', at.toISOString()],
    ['at', at.getTime()],
    ['field', { at: at.toISOString() }],
    ['event', { at: at.toISOString() }],
    ['event', { at: 'yesterday' }],
  ])('is not made of a text or a number: %s %j', async (event, data) => {
    const client = await app.connect('/json');
    await expect(client.request(event, data)).rejects.toMatchObject({ code: 'validation_failed' });
  });

  test('beyond all dates is none', async () => {
    const client = await app.connect('/pack');
    const head = Buffer.concat([Buffer.of(0x83), ...['event', 'at', 'id', 1, 'data'].map((part) => encode(part))]);
    // a timestamp of 96 bits, 2^62 seconds
    client.send(Buffer.concat([head, Buffer.of(0xc7, 12, 0xff, 0, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0)]));
    expect((await client.receiveEvent()).error).toMatchObject({ code: 'validation_failed' });
  });
});
