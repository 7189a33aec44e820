import { encode } from '@msgpack/msgpack';
import { IsInt, IsNumber } from 'class-validator';
import { z } from 'zod';
import {
  BootError,
  Connection,
  JsonCodec,
  MessageBody,
  MessagePackCodec,
  OnMessage,
  WebSocketPath,
  type Codec,
  type Envelope,
  type WebSocketPathOptions,
} from '../../src';
import { serve } from '../support/serve';

const MALFORMED = { code: 'malformed_message', message: 'The message could not be read.' };
const UNKNOWN = { code: 'unknown_event', message: 'No handler takes this event.' };

/** A controller with an event, and plain handlers where they are wanted. */
function controllerWith(codec: WebSocketPathOptions['codec'], { plain = false } = {}) {
  @WebSocketPath('/', codec === undefined ? {} : { codec })
  class Events {
    @OnMessage('known')
    known(@MessageBody() data: unknown): unknown {
      return [data];
    }
    @OnMessage('size')
    size(bytes: Uint8Array): number {
      return bytes.length;
    }
  }
  if (!plain) return Events;
  @WebSocketPath('/', codec === undefined ? {} : { codec })
  class WithPlain extends Events {
    @OnMessage()
    text(message: string): string {
      return `text: ${message}`;
    }
    @OnMessage()
    binary(message: Uint8Array): Uint8Array {
      return message;
    }
  }
  return WithPlain;
}

describe('a path whose codec is MessagePack', () => {
  const codec = new MessagePackCodec();

  test('events are binary messages, and so are replies and error replies', async () => {
    const app = await serve([controllerWith(codec)]);
    const client = await app.connect('/');
    client.send(encode({ event: 'known', data: { at: new Date(5) }, id: 7 }));
    const reply = (await client.receive()) as Uint8Array;
    expect(codec.decode(reply)).toEqual({ event: 'known', data: [{ at: new Date(5) }], id: 7 });
    expect(await client.request('size', new Uint8Array(300))).toBe(300);
    await expect(client.request('size', 'text')).rejects.toMatchObject({ code: 'validation_failed' });
  });

  test.each<[string, unknown, Envelope]>([
    ['an unknown event', { event: 'nope', id: 1 }, { event: 'nope', error: UNKNOWN, id: 1 }],
    ['the name of a method', { event: 'constructor' }, { event: 'constructor', error: UNKNOWN }],
    ['an event that is a list', { event: ['known'] }, { error: MALFORMED }],
    ['an id that is bytes', { event: 'known', id: new Uint8Array(1) }, { error: MALFORMED }],
    ['an id that is nil', { event: 'known', id: null }, { error: MALFORMED }],
    ['no map', [1], { error: MALFORMED }],
    ['nil', null, { error: MALFORMED }],
    ['an unsafe name', { event: 'known', data: { constructor: { prototype: 1 } } }, { error: MALFORMED }],
  ])('%s is answered with an error', async (_what, message, reply) => {
    const client = await (await serve([controllerWith(codec)])).connect('/');
    client.send(encode(message));
    expect(codec.decode((await client.receive()) as Uint8Array)).toEqual(reply);
    expect(await client.request('known', 1)).toEqual([1]);
  });

  test.each([
    ['nothing', ''],
    ['a message that is cut off', '82a5'],
    ['one that declares 4,294,967,295 elements', 'ddffffffff'],
    ['one and a byte more', '80c0'],
    ['an event that is no UTF-8', '82a56576656e74a56b6eff776ea46461746101'],
    ['data that is no UTF-8', '82a56576656e74a56b6e6f776ea464617461a2fffe'],
  ])('%s is malformed_message', async (_what, hex) => {
    const client = await (await serve([controllerWith(codec)])).connect('/');
    client.send(Buffer.from(hex, 'hex'));
    expect(codec.decode((await client.receive()) as Uint8Array)).toEqual({ error: MALFORMED });
    expect(await client.request('known', 1)).toEqual([1]);
  });

  test.each([NaN, Infinity, -Infinity])('%d is no number', async (amount) => {
    class Payment {
      @IsNumber()
      amount!: number;
    }
    @WebSocketPath('/', { codec })
    class Payments {
      @OnMessage('pay')
      pay(sum: number): number {
        return sum;
      }
      @OnMessage('field')
      field(@MessageBody('amount') sum: number): number {
        return sum;
      }
      @OnMessage('class')
      class(@MessageBody(() => Payment) payment: Payment): number {
        return payment.amount;
      }
      @OnMessage('schema')
      schema(@MessageBody(z.object({ amount: z.number() })) payment: Payment): number {
        return payment.amount;
      }
    }
    const client = await (await serve([Payments])).connect('/');
    expect(await client.request('pay', 1.5)).toBe(1.5);
    await expect(client.request('pay', amount)).rejects.toMatchObject({ code: 'validation_failed' });
    for (const event of ['field', 'class', 'schema']) {
      expect(await client.request(event, { amount: 1.5 })).toBe(1.5);
      await expect(client.request(event, { amount })).rejects.toMatchObject({ code: 'validation_failed' });
    }
  });

  test.each<[string, unknown]>([
    ['an invalid date', new Date(NaN)],
    ['half a character', 'x\ud83d'],
  ])('%s is no answer', async (_what, answer) => {
    @WebSocketPath('/', { codec })
    class Answering {
      @OnMessage('ask')
      ask(): unknown {
        return { answer };
      }
    }
    const app = await serve([Answering]);
    await expect((await app.connect('/')).request('ask')).rejects.toMatchObject({ code: 'internal_error' });
    expect(app.log.errors).toMatchObject([{ name: 'TypeError' }]);
  });

  test('text closes with 1003', async () => {
    const client = await (await serve([controllerWith(codec)])).connect('/');
    client.send('{"event":"known"}');
    expect(await client.closed).toMatchObject({ code: 1003, reason: 'no handler for text messages' });
  });

  test('plain handlers take text, and the binary messages that are no events', async () => {
    const client = await (await serve([controllerWith(codec, { plain: true })])).connect('/');
    client.send('{"event":"known"}');
    expect(await client.receive()).toBe('text: {"event":"known"}');
    client.send(Buffer.from('ff00', 'hex'));
    expect(await client.receive()).toEqual(Buffer.from('ff00', 'hex'));
    expect(await client.request('known', 1)).toEqual([1]);
  });
});

describe('a raw path', () => {
  @WebSocketPath('/', { codec: 'raw' })
  class Raw {
    @OnMessage()
    text(message: string): string {
      return `text: ${message}`;
    }
    @OnMessage()
    binary(message: Uint8Array, connection: Connection): string {
      try {
        connection.emit('e');
        return 'sent';
      } catch (error) {
        return `${message.length} ${(error as Error).message}`;
      }
    }
  }

  test('messages are no events, and none can be sent', async () => {
    const client = await (await serve([Raw])).connect('/');
    client.send('{"event":"known","data":{"__proto__":1}}');
    expect(await client.receive()).toBe('text: {"event":"known","data":{"__proto__":1}}');
    client.send(Buffer.from('ddffffffff', 'hex'));
    expect(await client.receive()).toBe('5 the path / is raw: it has no codec for events');
    expect(() => client.emit('e')).toThrow('the path is raw: it has no codec for events');
    await expect(client.request('e')).rejects.toThrow('the path is raw: it has no codec for events');
  });
});

/** `event|id|data`, each of which may be missing. */
class BarCodec implements Codec {
  readonly binary = false;
  decode(message: string): Envelope {
    const [event, id, data] = message.split('|');
    if (event === 'broken') throw 'no error at all';
    if (event === 'odd') return JSON.parse(data!) as Envelope;
    return { ...(event && { event }), ...(id && { id }), data };
  }
  encode({ event = '', id = '', data, error, more, done }: Envelope): string {
    if (data === 'unspeakable') throw new Error('cannot say that');
    const value = error === undefined ? data : `${error.code}!`;
    return [event, id, value, more && 'more', done && 'done'].join('|');
  }
}

describe('a codec of the application’s own', () => {
  test.each([
    ['an event', 'known||x', 'known||x||'],
    ['an event with an id', 'known|7|x', 'known|7|x||'],
    ['an unknown event', 'nope|7|x', 'nope|7|unknown_event!||'],
    ['what it throws at', 'broken||', '||malformed_message!||'],
    ['what it makes null of', 'odd||null', '||malformed_message!||'],
    ['what it makes text of', 'odd||"known"', '||malformed_message!||'],
    ['what it gives no event', 'odd||{"data":1}', '||malformed_message!||'],
    ['what it gives an event that is a list', 'odd||{"event":["known"]}', '||malformed_message!||'],
    ['what it gives an id that is a list', 'odd||{"event":"known","id":[]}', '||malformed_message!||'],
  ])('reads and writes %s', async (_what, message, reply) => {
    const client = await (await serve([controllerWith(new BarCodec())])).connect('/');
    client.send(message);
    expect(await client.receive()).toBe(reply);
  });

  test('what it cannot write is the handler’s failure', async () => {
    @WebSocketPath('/', { codec: new BarCodec() })
    class Controller {
      @OnMessage('now')
      now(): string {
        return 'unspeakable';
      }
      @OnMessage('later')
      async later(): Promise<string> {
        return 'unspeakable';
      }
      @OnMessage('items')
      async *items(): AsyncGenerator<string> {
        yield 'one';
        yield 'unspeakable';
      }
    }
    const app = await serve([Controller]);
    const client = await app.connect('/');
    for (const event of ['now', 'later']) {
      client.send(`${event}|7|`);
      expect(await client.receive()).toBe(`${event}|7|internal_error!||`);
    }
    client.send('items|7|');
    expect(await client.receive()).toBe('items|7|one|more|');
    expect(await client.receive()).toBe('items|7|internal_error!||');
    expect(app.log.errors).toEqual([1, 2, 3].map(() => new Error('cannot say that')));
    expect(app.log.lines).toEqual([
      'error Controller.now failed',
      'error Controller.later failed',
      'error Controller.items failed',
    ]);
  });
});

describe('codecs by subprotocol', () => {
  const byProtocol = { json: new JsonCodec(), pack: new MessagePackCodec(), raw: 'raw' } as const;

  test('each connection has that of the subprotocol it agreed on', async () => {
    const app = await serve([controllerWith(byProtocol)]);
    for (const protocol of ['json', 'pack']) {
      const client = await app.connect('/', { protocols: ['unheard-of', protocol] });
      expect(client.protocol).toBe(protocol);
      expect(await client.request('known', 1)).toEqual([1]);
      client.emit('nope');
      expect(await client.receiveEvent()).toEqual({ event: 'nope', error: UNKNOWN });
    }
  });

  test.each<[string, string[], string | Buffer, string]>([
    ['text of a client whose codec is binary', ['pack'], 'hello', 'no handler for text messages'],
    ['binary of a client whose codec is text', ['json'], Buffer.from('x'), 'no handler for binary messages'],
    ['text of a raw client', ['raw'], '{"event":"known"}', 'no handler for text messages'],
    ['binary of a raw client', ['raw'], Buffer.from('x'), 'no handler for binary messages'],
  ])('%s closes with 1003 where no plain handler takes it', async (_what, protocols, message, reason) => {
    const client = await (await serve([controllerWith(byProtocol)])).connect('/', { protocols });
    client.send(message);
    expect(await client.closed).toEqual({ code: 1003, reason, clean: true });
  });

  test('plain handlers take the kind of message that the codec of a connection does not use', async () => {
    const app = await serve([controllerWith(byProtocol, { plain: true })]);
    const event = encode({ event: 'known', data: 1 });
    const cases: [string, string | Uint8Array, unknown][] = [
      ['json', event, Buffer.from(event)],
      ['pack', '{"event":"known"}', 'text: {"event":"known"}'],
      ['raw', '{"event":"known"}', 'text: {"event":"known"}'],
      ['raw', event, Buffer.from(event)],
    ];
    for (const [protocol, message, reply] of cases) {
      const client = await app.connect('/', { protocols: [protocol] });
      client.send(message);
      expect(await client.receive()).toEqual(reply);
    }
  });

  test('a plain handler with a class as its body takes what the codec of the connection reads, else it is 1003', async () => {
    class Point {
      @IsInt()
      x!: number;
    }
    @WebSocketPath('/', { codec: byProtocol })
    class Points {
      @OnMessage()
      move({ x }: Point): string {
        return `moved to ${x}`;
      }
    }
    const app = await serve([Points]);
    const binary = encode({ x: 1 });
    for (const [protocol, good, bad] of [
      ['json', '{"x":1}', binary],
      ['pack', binary, '{"x":1}'],
    ] as const) {
      const client = await app.connect('/', { protocols: [protocol] });
      client.send(good);
      expect(await client.receive()).toBe('moved to 1');
      client.send(bad);
      expect((await client.closed).code).toBe(1003);
    }
    const raw = await app.connect('/', { protocols: ['raw'] });
    raw.send('{"x":1}');
    expect((await raw.closed).code).toBe(1003);
  });

  test.each<[string, WebSocketPathOptions['codec'], boolean]>([
    ['the first codec', { pack: new MessagePackCodec(), json: new JsonCodec() }, true],
    ['that of ""', { json: new JsonCodec(), '': new MessagePackCodec() }, true],
    ['that of "", first or last,', { '': new JsonCodec(), pack: new MessagePackCodec() }, false],
  ])('a client without a subprotocol gets %s', async (_what, codec, binary) => {
    const client = await (await serve([controllerWith(codec)])).connect('/');
    expect(client.protocol).toBe('');
    client.emit('known', 1);
    expect(typeof (await client.receive()) === 'object').toBe(binary);
  });

  test('what is no codec is a mistake at boot, with the name of the controller', async () => {
    for (const codec of ['json', null, {}, { json: 'text' }] as unknown as WebSocketPathOptions['codec'][]) {
      await expect(serve([controllerWith(codec)])).rejects.toEqual(
        new BootError(`Events: codec must be a codec, 'raw', or an object of those by subprotocol`),
      );
    }
  });
});
