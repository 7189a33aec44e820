import { IsInt } from 'class-validator';
import { Connection, MessageBody, MessageStream, OnMessage, WebSocketPath } from '../../src';
import { serve } from '../support/serve';

const MALFORMED = '{"error":{"code":"malformed_message","message":"The message could not be read."}}';

const unknownEvent = (event: string, id?: string): string =>
  `{"event":${JSON.stringify(event)},"error":{"code":"unknown_event","message":"No handler takes this event."}` +
  `${id === undefined ? '' : `,"id":${id}`}}`;

@WebSocketPath('/events')
class Events {
  @OnMessage('known')
  known(@MessageBody() data: unknown): unknown {
    return [data];
  }
}

@WebSocketPath('/all')
class All extends Events {
  @OnMessage()
  text(message: string): string {
    return `text: ${message}`;
  }
  @OnMessage()
  binary(message: Uint8Array): Uint8Array {
    return message.subarray(1);
  }
}

@WebSocketPath('/any')
class Any extends Events {
  @OnMessage()
  any(connection: Connection): string {
    return `any: ${connection.path}`;
  }
}

/** Text that is no envelope of an event. */
const NO_ENVELOPES = [
  ['text that is no JSON', 'hello'],
  ['nothing', ''],
  ['JSON that is cut off', '{"event":"known"'],
  ['null', 'null'],
  ['a number', '7'],
  ['a string', '"known"'],
  ['an array', '["known"]'],
  ['an object without event', '{"data":1}'],
  ['an event that is null', '{"event":null,"data":1}'],
  ['an event that is a number', '{"event":7,"data":1}'],
  ['an event that is an array', '{"event":["known"],"data":1}'],
  ['an event that is an object', '{"event":{"known":1},"data":1}'],
  ['a property __proto__', '{"event":"known","data":{"__proto__":1}}'],
  ['a constructor.prototype', '{"event":"known","data":[{"constructor":{"prototype":1}}]}'],
] as const;

/** Envelopes of an event that is known, with an id that is none. */
const BAD_IDS = [
  ['an id that is null', '{"event":"known","data":1,"id":null}'],
  ['an id that is true', '{"event":"known","data":1,"id":true}'],
  ['an id that is an array', '{"event":"known","data":1,"id":["a"]}'],
  ['an id that is an object', '{"event":"known","data":1,"id":{"a":1}}'],
] as const;

const UNKNOWN_NAMES = ['nope', 'Known', 'known ', '', 'constructor', '__proto__', 'toString', 'hasOwnProperty', 'text'];

const KNOWN: [string, string, string][] = [
  ['an event', '{"event":"known","data":1}', '{"event":"known","data":[1]}'],
  ['an event with an id', '{"event":"known","data":1,"id":7}', '{"event":"known","data":[1],"id":7}'],
  ['an id that is a string', '{"event":"known","data":1,"id":"a"}', '{"event":"known","data":[1],"id":"a"}'],
  ['an id that is 0', '{"event":"known","data":1,"id":0}', '{"event":"known","data":[1],"id":0}'],
  ['an id that is empty', '{"event":"known","data":1,"id":""}', '{"event":"known","data":[1],"id":""}'],
  ['an event without data', '{"event":"known"}', '{"event":"known","data":[null]}'],
  ['keys in another order', ' {"id":7,"data":null, "event":"known"}', '{"event":"known","data":[null],"id":7}'],
  ['more keys', '{"event":"known","data":1,"x":2,"error":3}', '{"event":"known","data":[1]}'],
  ['a name in escapes', '{"event":"\\u006bnown","data":1}', '{"event":"known","data":[1]}'],
];

describe.each(['/events', '/all', '/any'])('on the path %s', (path) => {
  test.each(KNOWN)('%s goes to its handler', async (_what, message, reply) => {
    const client = await (await serve([Events, All, Any])).connect(path);
    client.send(message);
    expect(await client.receive()).toBe(reply);
  });
});

describe('with plain handlers beside those of events', () => {
  test.each(BAD_IDS)('%s is malformed_message, since the event is known', async (_what, message) => {
    const client = await (await serve([All])).connect('/all');
    client.send(message);
    expect(await client.receive()).toBe(MALFORMED);
  });

  test.each(NO_ENVELOPES)('%s goes to the plain text handler as it is', async (_what, message) => {
    const client = await (await serve([All])).connect('/all');
    client.send(message);
    expect(await client.receive()).toBe(`text: ${message}`);
  });

  test.each(UNKNOWN_NAMES)('an event %j without handler goes to the plain text handler', async (event) => {
    const message = JSON.stringify({ event, data: 1, id: 7 });
    const client = await (await serve([All])).connect('/all');
    client.send(message);
    expect(await client.receive()).toBe(`text: ${message}`);
  });

  test.each(['bytes', '{"event":"known","data":1}'])('binary %j goes to the plain binary handler', async (content) => {
    const client = await (await serve([All])).connect('/all');
    client.send(Buffer.from(content));
    expect(await client.receive()).toEqual(Buffer.from(content.slice(1)));
  });

  test('a plain handler without a body takes text and binary that no event handler does', async () => {
    const client = await (await serve([Any])).connect('/any');
    for (const message of ['hello', '{"event":"nope"}', Buffer.from('{"event":"known"}')]) {
      client.send(message);
      expect(await client.receive()).toBe('any: /any');
    }
  });

  test('a plain handler for one kind of message comes before one without a body', async () => {
    @WebSocketPath('/')
    class Controller {
      @OnMessage()
      any(): string {
        return 'any';
      }
      @OnMessage()
      binary(_message: Buffer): string {
        return 'binary';
      }
      @OnMessage('known')
      known(): string {
        return 'known';
      }
    }
    const client = await (await serve([Controller])).connect('/');
    client.send('hello');
    client.send(Buffer.from('hello'));
    client.send('{"event":"known"}');
    expect(await client.receive()).toBe('any');
    expect(await client.receive()).toBe('binary');
    expect(await client.receive()).toBe('{"event":"known","data":"known"}');
  });

  test('a handler of streams takes binary messages, while text is still read for events', async () => {
    @WebSocketPath('/')
    class Controller {
      @OnMessage()
      async stream(message: MessageStream): Promise<string> {
        let length = 0;
        for await (const piece of message) length += piece.length;
        return `${message.binary} ${length}`;
      }
      @OnMessage('known')
      known(): string {
        return 'known';
      }
    }
    const client = await (await serve([Controller])).connect('/');
    client.send(Buffer.alloc(100_000));
    expect(await client.receive()).toBe('true 100000');
    expect(await client.request('known')).toBe('known');
    client.send('{"event":"nope"}');
    expect(await client.receive()).toBe(unknownEvent('nope'));
    client.send('hello');
    expect(await client.receive()).toBe(MALFORMED);
  });
});

describe('without a plain handler for that kind of message', () => {
  test.each([...NO_ENVELOPES, ...BAD_IDS])(
    '%s is malformed_message, and the connection stays open',
    async (_what, message) => {
      const app = await serve([Events]);
      const client = await app.connect('/events');
      client.send(message);
      expect(await client.receive()).toBe(MALFORMED);
      expect(await client.request('known', 1)).toEqual([1]);
      expect(app.log.lines).toEqual([]);
    },
  );

  test.each(UNKNOWN_NAMES)('the event %j is unknown_event, and the connection stays open', async (event) => {
    const app = await serve([Events]);
    const client = await app.connect('/events');
    client.emit(event, 1);
    expect(await client.receive()).toBe(unknownEvent(event));
    client.send(JSON.stringify({ event, id: 'my id' }));
    expect(await client.receive()).toBe(unknownEvent(event, '"my id"'));
    expect(await client.request('known', 1)).toEqual([1]);
    expect(app.log.lines).toEqual([]);
  });

  test('binary closes with 1003: the JSON codec’s messages are text', async () => {
    const client = await (await serve([Events])).connect('/events');
    client.send(Buffer.from('{"event":"known"}'));
    expect(await client.closed).toEqual({ code: 1003, reason: 'no handler for binary messages', clean: true });
  });

  test.each<[string, string | Buffer, string]>([
    ['text', 'hello', 'no handler for text messages'],
    ['an event', '{"event":"e"}', 'no handler for text messages'],
  ])('%s closes with 1003 on a path without event handlers', async (_what, message, reason) => {
    @WebSocketPath('/')
    class Controller {
      @OnMessage()
      binary(_message: Uint8Array): void {}
    }
    const client = await (await serve([Controller])).connect('/');
    client.send(message);
    expect(await client.closed).toEqual({ code: 1003, reason, clean: true });
  });

  test('a plain text handler leaves events unknown to the plain handler, and binary to 1003', async () => {
    @WebSocketPath('/')
    class Controller extends Events {
      @OnMessage()
      text(message: string): string {
        return message;
      }
    }
    const client = await (await serve([Controller])).connect('/');
    client.send('{"event":"nope"}');
    expect(await client.receive()).toBe('{"event":"nope"}');
    client.send(Buffer.from('x'));
    expect((await client.closed).code).toBe(1003);
  });
});

test('events may have the names of Object.prototype', async () => {
  @WebSocketPath('/')
  class Controller {
    @OnMessage('constructor')
    first(): number {
      return 1;
    }
    @OnMessage('__proto__')
    second(): number {
      return 2;
    }
    @OnMessage('toString')
    third(): number {
      return 3;
    }
    @OnMessage('')
    fourth(): number {
      return 4;
    }
  }
  const client = await (await serve([Controller])).connect('/');
  const names = ['constructor', '__proto__', 'toString', ''];
  expect(await Promise.all(names.map((name) => client.request(name)))).toEqual([1, 2, 3, 4]);
  await expect(client.request('valueOf')).rejects.toMatchObject({ code: 'unknown_event' });
});

class Point {
  @IsInt()
  x!: number;
}

@WebSocketPath('/point')
class PlainPoint {
  @OnMessage()
  move(point: Point): string {
    return `${point instanceof Point} ${point.x}`;
  }
}

describe('a plain handler with a class as its body', () => {
  test('decodes and validates the whole message', async () => {
    const client = await (await serve([PlainPoint])).connect('/point');
    client.send('{"x":1}');
    expect(await client.receive()).toBe('true 1');
  });

  test.each([
    ['is not valid', '{"x":"one"}', 'validation_failed'],
    ['has the form of an event', '{"event":"move","data":{"x":1},"id":7}', 'validation_failed'],
    ['cannot be read', '{"x":1', 'malformed_message'],
    ['has an unsafe name', '{"x":1,"__proto__":{}}', 'malformed_message'],
  ])('a message that %s gets an error reply without event or id, and stays open', async (_how, message, code) => {
    const client = await (await serve([PlainPoint])).connect('/point');
    client.send(message);
    const reply = JSON.parse((await client.receive()) as string) as { error: { code: string } };
    expect(Object.keys(reply)).toEqual(['error']);
    expect(reply.error.code).toBe(code);
    client.send('{"x":2}');
    expect(await client.receive()).toBe('true 2');
  });

  test('binary messages are none of the JSON codec', async () => {
    const client = await (await serve([PlainPoint])).connect('/point');
    client.send(Buffer.from('{"x":1}'));
    expect((await client.closed).code).toBe(1003);
  });

  test('takes what no event handler does', async () => {
    @WebSocketPath('/')
    class Controller extends Events {
      @OnMessage()
      move(point: Point): string {
        return `moved to ${point.x}`;
      }
    }
    const client = await (await serve([Controller])).connect('/');
    client.send('{"event":"known","data":1}');
    expect(await client.receive()).toBe('{"event":"known","data":[1]}');
    client.send('{"x":5}');
    expect(await client.receive()).toBe('moved to 5');
    client.send('no JSON');
    expect(await client.receive()).toBe(MALFORMED);
  });
});
