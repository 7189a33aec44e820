import {
  Connection,
  OnClose,
  OnError,
  OnMessage,
  OnOpen,
  OnUpgrade,
  PortalError,
  refuse,
  UnauthorizedError,
  UseFilters,
  UseGuards,
  WebSocketPath,
  type Context,
  type ExceptionFilter,
} from '../../src';
import { IsString } from 'class-validator';
import { deferred } from '../support/engine';
import { serve } from '../support/serve';
import { filter, guard, thrower } from '../support/uses';

const original = new Error('original');

function failing(...filters: ExceptionFilter[]) {
  @UseFilters(...filters)
  @WebSocketPath('/')
  class Chat {
    @OnMessage('fail')
    fail(): never {
      throw original;
    }
    @OnMessage()
    plain(_message: string): never {
      throw original;
    }
  }
  return Chat;
}

describe('what a filter returns', () => {
  test.each<[string, () => unknown, unknown]>([
    ['a value', () => ({ sorry: true }), { sorry: true }],
    ['false', () => false, false],
    ['a promise', async () => 'later', 'later'],
    [
      'an async iterable',
      async function* () {
        yield* ['a', 'b'];
      },
      ['a', 'b'],
    ],
  ])('%s, is the reply', async (_what, take, expected) => {
    const app = await serve([failing(filter(take))]);
    expect(await (await app.connect('/')).request('fail')).toEqual(expected);
    expect(app.log.lines).toEqual([]);
  });

  test('is the reply of an event without an id, and of a plain message', async () => {
    const app = await serve([failing(filter((error) => (error as Error).message))]);
    const client = await app.connect('/');
    client.emit('fail');
    client.send('plain');
    expect(await client.receive()).toBe('{"event":"fail","data":"original"}');
    expect(await client.receive()).toBe('original');
  });

  test.each<[string, () => unknown]>([
    ['nothing', () => undefined],
    ['null', () => null],
    ['a promise of nothing', async () => {}],
  ])(
    'where it is %s, a message with an id still gets the default error reply; others get none',
    async (_what, take) => {
      const app = await serve([failing(filter(take))]);
      const client = await app.connect('/');
      client.emit('fail');
      client.send('plain');
      client.send('{"event":"fail","id":"x"}');
      expect(await client.receive()).toBe(
        '{"event":"fail","error":{"code":"internal_error","message":"Something went wrong."},"id":"x"}',
      );
      expect(app.log.lines).toEqual([]);
    },
  );

  test('where it is nothing for a PortalError, the default reply is that error', async () => {
    const details = { seats: 0 };
    @UseFilters(filter(() => {}))
    @WebSocketPath('/')
    class Chat {
      @OnMessage('join')
      join(): never {
        throw new PortalError('room_full', 'no seat', { details });
      }
    }
    const client = await (await serve([Chat])).connect('/');
    await expect(client.request('join')).rejects.toMatchObject({ code: 'room_full', message: 'no seat', details });
  });

  test('where it cannot be sent, is a failure: logged, 1011', async () => {
    const app = await serve([failing(filter(() => () => {}))]);
    const client = await app.connect('/');
    client.send('plain');
    expect(await client.closed).toMatchObject({ code: 1011 });
    expect(app.log.errors).toEqual([new TypeError('a handler returned a function, which cannot be sent')]);
  });
});

describe('a filter that throws', () => {
  const last = filter((error) => `last: ${(error as Error).message}`);
  const rethrow = filter((error) => {
    throw error;
  });
  const other = filter(thrower(new Error('broken filter')));
  const translate = filter(thrower(new PortalError('translated', 'in other words')));
  const later = (error: Error): ExceptionFilter => filter(() => Promise.reject(error));

  test.each<[string, ExceptionFilter, string, string[]]>([
    ['the same error passes it on', rethrow, 'last: original', []],
    ['the same error later passes it on', later(original), 'last: original', []],
    ['a PortalError hands on that instead', translate, 'last: in other words', []],
    [
      'another error is logged, and the next is asked about the first',
      other,
      'last: original',
      ['error Chat.fail (Object) failed'],
    ],
    [
      'another error later is logged too',
      later(new Error('broken filter')),
      'last: original',
      ['error Chat.fail (Object) failed'],
    ],
  ])('%s', async (_what, first, answer, lines) => {
    const app = await serve([failing(first, last)]);
    const client = await app.connect('/');
    expect(await client.request('fail')).toBe(answer);
    expect(app.log.lines).toEqual(lines);
  });

  test('the same error leads to the default where nobody else takes it', async () => {
    const app = await serve([failing(rethrow)]);
    const client = await app.connect('/');
    await expect(client.request('fail')).rejects.toMatchObject({ code: 'internal_error' });
    client.send('plain');
    expect(await client.closed).toMatchObject({ code: 1011 });
    expect(app.log.lines).toEqual(['error Chat.fail failed', 'error Chat.plain failed']);
  });

  test('a PortalError has that for the reply, of an event and of a plain message; nothing is logged', async () => {
    const app = await serve([failing(translate)]);
    const client = await app.connect('/');
    const error = { code: 'translated', message: 'in other words' };
    client.send('{"event":"fail","id":1}');
    client.send('plain');
    expect(JSON.parse((await client.receive()) as string)).toEqual({ event: 'fail', error, id: 1 });
    expect(JSON.parse((await client.receive()) as string)).toEqual({ error });
    expect(app.log.lines).toEqual([]);
  });

  test('another error, where nobody else takes the first: both are logged, 1011, for an event too', async () => {
    const app = await serve([failing(other)]);
    const client = await app.connect('/');
    client.emit('fail');
    expect(await client.closed).toMatchObject({ code: 1011, reason: 'internal error' });
    expect(app.log.errors.map((error) => (error as Error).message)).toEqual(['broken filter', 'original']);
  });

  test('a PortalError in place of another error is offered to the next as what it is', async () => {
    const translated = filter((error) => (error instanceof PortalError ? error.code : 'not translated'));
    const app = await serve([failing(translate)], { filters: [translated] });
    expect(await (await app.connect('/')).request('fail')).toBe('translated');
  });
});

describe('filters see', () => {
  class Room {
    @IsString()
    name!: string;
  }

  @WebSocketPath('/')
  class Chat {
    @UseGuards(guard(() => false))
    @OnMessage('refused')
    refused(): void {}
    @UseGuards(guard(() => refuse(401)))
    @OnMessage('unknown')
    anonymous(): void {}
    @OnMessage('join')
    join(room: Room): string {
      return room.name;
    }
    @OnMessage('rejects')
    rejects(): Promise<never> {
      return Promise.reject(new Error('rejected'));
    }
    @OnMessage('stream')
    async *stream(): AsyncGenerator<number> {
      yield 1;
      throw new Error('source broke');
    }
    @OnMessage('unsendable')
    unsendable(): unknown {
      return { count: 1n };
    }
    @OnMessage()
    binary(_message: Uint8Array): never {
      throw new Error('plain');
    }
  }

  const seeing = (seen: unknown[]) =>
    filter((error, { event, method, body }: Context) => {
      seen.push([(error as PortalError).code ?? (error as Error).message, event, method, body]);
    });

  test.each<[string, string | Uint8Array, unknown[]]>([
    ['the refusal of a guard', '{"event":"refused","data":1}', ['forbidden', 'refused', 'refused', 1]],
    ['refuse(401) of a guard', '{"event":"unknown"}', ['unauthorized', 'unknown', 'anonymous', undefined]],
    ['a body that is not valid', '{"event":"join","data":{}}', ['validation_failed', 'join', 'join', {}]],
    ['an event that nobody takes', '{"event":"leave"}', ['unknown_event', 'leave', '', undefined]],
    ['a message that cannot be read', '{"event"', ['malformed_message', undefined, '', undefined]],
    ['a promise that is rejected', '{"event":"rejects"}', ['rejected', 'rejects', 'rejects', undefined]],
    ['the error of an async iterable', '{"event":"stream"}', ['source broke', 'stream', 'stream', undefined]],
    [
      'what cannot be encoded',
      '{"event":"unsendable"}',
      ['Do not know how to serialize a BigInt', 'unsendable', 'unsendable', undefined],
    ],
    ['an error of a plain handler', Buffer.from('x'), ['plain', undefined, 'binary', Buffer.from('x')]],
  ])('%s', async (_what, message, expected) => {
    const seen: unknown[] = [];
    const app = await serve([Chat], { filters: [seeing(seen)] });
    const client = await app.connect('/');
    client.send(message);
    await app.advance(0);
    expect(seen).toEqual([expected]);
    expect(app.log.lines).toEqual([]);
    await client.close();
  });

  test('a message that a plain handler of a class cannot read, as one for that handler', async () => {
    @WebSocketPath('/')
    class Rooms {
      @OnMessage()
      room(room: Room): string {
        return room.name;
      }
    }
    const seen: unknown[] = [];
    const app = await serve([Rooms], { filters: [seeing(seen)] });
    const client = await app.connect('/');
    client.send('{');
    client.send('{"name":5}');
    await app.advance(0);
    expect(seen).toEqual([
      ['malformed_message', undefined, 'room', undefined],
      ['validation_failed', undefined, 'room', { name: 5 }],
    ]);
  });

  test('errors of the other hooks, and what they return is sent', async () => {
    const closed = deferred();
    const kinds: string[] = [];
    @WebSocketPath('/')
    class Hooks {
      @OnOpen()
      open(): never {
        throw new Error('open');
      }
      @OnClose()
      bye(): never {
        throw new Error('close');
      }
    }
    const filters = [
      filter((error, { kind }) => {
        kinds.push(`${kind}: ${(error as Error).message}`);
        if (kind === 'close') closed.resolve();
        return 'sorry';
      }),
    ];
    const app = await serve([Hooks], { filters });
    const client = await app.connect('/');
    expect(await client.receive()).toBe('sorry');
    await client.close();
    await closed.promise;
    expect(kinds).toEqual(['open: open', 'close: close']);
    expect(app.log.lines).toEqual([]);
  });

  test('no error of an @OnError that throws another, but the one that it was given', async () => {
    @WebSocketPath('/')
    class Broken {
      @OnMessage('fail')
      fail(): never {
        throw original;
      }
      @OnError()
      any(): never {
        throw new Error('broken @OnError');
      }
    }
    const app = await serve([Broken], { filters: [filter((error) => (error as Error).message)] });
    expect(await (await app.connect('/')).request('fail')).toBe('original');
    expect(app.log.lines).toEqual(['error Broken.fail (Broken.any) failed']);
  });
});

describe('at an upgrade, filters', () => {
  const enter = thrower(new Error('secret'));

  function refusing(...filters: ExceptionFilter[]) {
    @UseFilters(...filters)
    @WebSocketPath('/')
    class Chat {
      @OnUpgrade()
      enter(connection: Connection): void {
        if (connection.query.has('portal')) throw new UnauthorizedError('who?');
        if (connection.query.has('refuse')) throw refuse(418);
        enter();
      }
    }
    return Chat;
  }

  test('may refuse with what they like', async () => {
    const app = await serve([refusing(filter(async () => refuse(402, { body: 'pay' })))]);
    expect(await app.refusal('/')).toMatchObject({ status: 402, body: 'pay' });
    expect(app.log.errors).toEqual([]);
  });

  test('that return nothing, or no refusal, leave the error its own status', async () => {
    for (const value of [undefined, { protocol: 'v1' }]) {
      const app = await serve([refusing(filter(() => value))]);
      expect(await app.refusal('/')).toMatchObject({ status: 500, body: 'Something went wrong.' });
      expect(await app.refusal('/?portal')).toMatchObject({ status: 401, body: 'who?' });
      expect(app.log.errors).toEqual([]);
    }
  });

  test('may throw a PortalError, whose status it is then', async () => {
    const app = await serve([refusing(filter(thrower(new PortalError('busy', 'come back', { status: 503 }))))]);
    expect(await app.refusal('/')).toMatchObject({ status: 503, body: 'come back' });
    expect(app.log.errors).toEqual([]);
  });

  test('that fail themselves are logged, and so is the error', async () => {
    const app = await serve([refusing(filter(thrower(new Error('broken filter'))))]);
    expect((await app.refusal('/')).status).toBe(500);
    expect(app.log.errors.map((error) => (error as Error).message)).toEqual(['broken filter', 'secret']);
  });

  test('see the refusals of guards, of the application too, but nothing that says refuse(…)', async () => {
    const seen: unknown[] = [];
    @WebSocketPath('/guarded')
    class Guarded {
      @OnOpen()
      open(): void {}
    }
    const guards = [guard(({ connection }) => connection.path !== '/guarded')];
    const filters = [filter((error, { kind, method }) => void seen.push([(error as PortalError).code, kind, method]))];
    const app = await serve([Guarded, refusing()], { guards, filters });
    expect((await app.refusal('/guarded')).status).toBe(403);
    expect((await app.refusal('/?refuse')).status).toBe(418);
    expect((await app.refusal('/?portal')).status).toBe(401);
    expect(seen).toEqual([
      ['forbidden', 'upgrade', ''],
      ['unauthorized', 'upgrade', 'enter'],
    ]);
  });
});
