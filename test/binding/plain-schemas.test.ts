import * as v from 'valibot';
import * as z from 'zod';
import { MessageBody, MessagePackCodec, OnMessage, WebSocketPath, type WebSocketPathOptions } from '../../src';
import { connect, start } from '../support/app';
import { serve } from '../support/serve';

/** A controller that answers with what a schema makes of a message; `type`: that of the parameter. */
function taking(schema: z.ZodType | v.GenericSchema, type: unknown, options: WebSocketPathOptions = {}) {
  class Chat {
    say(body: unknown): unknown {
      return body instanceof Uint8Array ? body : JSON.stringify({ got: body });
    }
  }
  MessageBody(schema)(Chat.prototype, 'say', 0);
  Reflect.decorate([Reflect.metadata('design:paramtypes', [type]), OnMessage()], Chat.prototype, 'say');
  WebSocketPath('/', options)(Chat);
  return Chat;
}

const INVALID = { error: { code: 'validation_failed' } };
const MALFORMED = { error: { code: 'malformed_message' } };

test.each<[string, z.ZodType | v.GenericSchema, unknown, WebSocketPathOptions, [string, object][]]>([
  [
    'a text is checked as it is',
    z.string().max(5),
    String,
    {},
    [
      ['hello', { got: 'hello' }],
      ['5', { got: '5' }],
      ['"hi"', { got: '"hi"' }],
      ['{}', { got: '{}' }],
      ['', { got: '' }],
      ['too long', INVALID],
    ],
  ],
  ['so on a path that is raw', z.string().trim(), String, { codec: 'raw' }, [[' x ', { got: 'x' }]]],
  ['so where the codec is binary', z.string(), String, { codec: new MessagePackCodec() }, [['x', { got: 'x' }]]],
  [
    'so with one word of several',
    z.enum(['on', 'off']),
    String,
    {},
    [
      ['on', { got: 'on' }],
      ['"on"', { got: 'on' }],
      ['auto', INVALID],
    ],
  ],
  [
    'so with another library, and a check that takes its time',
    v.pipe(v.string(), v.trim(), v.minLength(2)),
    String,
    {},
    [
      [' ann ', { got: 'ann' }],
      ['x', INVALID],
    ],
  ],
  [
    'so with a check that takes its time',
    z.string().refine(async (text) => Promise.resolve(text !== 'taken')),
    String,
    {},
    [
      ['ann', { got: 'ann' }],
      ['taken', INVALID],
    ],
  ],
  [
    'a schema that makes a text of an object gets what the codec makes of it',
    z.object({ name: z.string() }).transform(({ name }) => name),
    String,
    {},
    [
      ['{"name":"ann"}', { got: 'ann' }],
      ['{"name":1}', INVALID],
      ['ann', INVALID],
    ],
  ],
  [
    'any other type is what the codec makes of a message',
    z.object({ n: z.number() }),
    Object,
    {},
    [
      ['{"n":1}', { got: { n: 1 } }],
      ['5', INVALID],
      ['hello', MALFORMED],
    ],
  ],
  ['a number too', z.number(), Number, {}, [['5', { got: 5 }]]],
])('%s', async (_what, schema, type, options, messages) => {
  const client = await (await serve([taking(schema, type, options)])).connect('/');
  for (const [message, answer] of messages) {
    client.send(message);
    expect([message, JSON.parse((await client.receive()) as string)]).toMatchObject([message, answer]);
  }
});

test('bytes are checked as they are, and a text is none', async () => {
  const client = await (await serve([taking(z.instanceof(Uint8Array), Uint8Array)])).connect('/');
  client.send(Buffer.from([1, 2]));
  expect(await client.receive()).toEqual(Buffer.from([1, 2]));
  client.send('x');
  expect(await client.closed).toMatchObject({ code: 1003 });
});

test('over a real socket, with the type that the compiler writes', async () => {
  @WebSocketPath('/')
  class Chat {
    @OnMessage()
    say(@MessageBody(z.string().min(2)) text: string): string {
      return text.toUpperCase();
    }
  }
  const client = await connect(await start([Chat]), '/');
  expect(await client.ask('hello')).toBe('HELLO');
  expect(await client.ask('h')).toContain('validation_failed');
});
