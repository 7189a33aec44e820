import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { BootError } from '../../src';
import { WHO_EMITS_NONE } from '../../src/decorators/boot-error';
import { createTestApp, type TestApp } from '../../src/testing';
import { compiledByEsbuild } from '../support/esbuild';

const IMPORTS = `
  import { IsInt, IsString, ValidateNested } from 'class-validator';
  import { Type } from 'class-transformer';
  import { z } from 'zod';
  import {
    CloseInfo, ConnectedSocket, Connection, Connections, CurrentUser, Header, Inject, MessageBody, MessageStream, Module,
    OnClose, OnError, OnMessage, OnOpen, OnUpgrade, PathParam, QueryParam, UseGuards, WebSocketPath, injectable,
  } from 'portal-ws';
  class Greeter {
    greet(name: string): string { return 'hello ' + name; }
  }
  class Point {
    @IsInt() x!: number;
  }
  class Line {
    @ValidateNested() @Type(() => Point) from!: Point;
  }
  const LIMIT = Symbol('limit');
  const providers = [Greeter, { token: LIMIT, useValue: 5 }];
`;

type Class = Parameters<typeof createTestApp>[0];

async function appOf(controller: string): Promise<TestApp> {
  const { AppModule } = await compiledByEsbuild(`${IMPORTS}
    ${controller}
    @Module({ controllers: [Controller], providers })
    export class AppModule {}`);
  return createTestApp(AppModule as Class);
}

test('esbuild emits no types of parameters', async () => {
  const { Controller } = await compiledByEsbuild(`${IMPORTS}
    @WebSocketPath('/')
    export class Controller { @OnMessage() text(message: string): string { return message; } }`);
  expect(Reflect.getMetadata('design:paramtypes', (Controller as Class).prototype as object, 'text')).toBeUndefined();
});

describe('explicit forms work', () => {
  test('for messages, connection, signal, providers of a handler and of the constructor', async () => {
    const app = await appOf(`
      @WebSocketPath('/rooms/:room')
      class Controller {
        constructor(@Inject(Greeter) private readonly greeter: Greeter, @Inject(LIMIT) private readonly limit: number) {}

        @OnMessage()
        text(
          @MessageBody(() => String) message: string,
          @ConnectedSocket() connection: Connection,
          @Inject(AbortSignal) signal: AbortSignal,
          @Inject(Connections) connections: Connections,
          @Inject(Greeter) greeter: Greeter,
          @Inject(Connection) same: Connection,
          @PathParam('room') room: string,
          @QueryParam('n') n: number,
          @Header('x-test') header: string,
        ): unknown {
          return [
            this.greeter.greet(message), this.limit, greeter === this.greeter, connection === same,
            signal === connection.signal, connections.size, room, n, header,
          ];
        }

        @OnMessage()
        binary(@MessageBody(() => Uint8Array) message: Uint8Array): unknown { return ['bytes', ...message]; }
      }`);
    const client = await app.connect('/rooms/a?n=1', { headers: { 'x-test': 'h' } });
    client.send('ann');
    // without its type, what comes from the URL is text
    expect(await client.receive()).toBe('["hello ann",5,true,true,true,1,"a","1","h"]');
    client.send(Uint8Array.of(1, 2));
    expect(await client.receive()).toBe('["bytes",1,2]');
    await app.close();
  });

  test('for the data of events: classes, kinds of value, schemas, properties', async () => {
    const app = await appOf(`
      const Size = z.object({ size: z.string().transform(Number) });
      @WebSocketPath('/')
      class Controller {
        @OnMessage('line')
        line(@MessageBody(() => Line) line: Line): unknown { return [line instanceof Line, line.from instanceof Point]; }

        @OnMessage('text')
        text(@MessageBody(() => String) text: string): unknown { return text; }

        @OnMessage('number')
        number(@MessageBody(() => Number) number: number): unknown { return number; }

        @OnMessage('list')
        list(@MessageBody(() => Array) list: unknown[]): unknown { return list; }

        @OnMessage('schema')
        schema(@MessageBody(Size) { size }: z.output<typeof Size>): unknown { return size; }

        @OnMessage('fields')
        fields(@MessageBody('a') a: number, @MessageBody('b') b: string): unknown { return [a, b]; }

        @OnMessage('any')
        any(@MessageBody() any: Line): unknown { return any; }
      }`);
    const client = await app.connect('/');
    expect(await client.request('line', { from: { x: 1 } })).toEqual([true, true]);
    expect(await client.request('text', 'a')).toBe('a');
    expect(await client.request('number', 1)).toBe(1);
    expect(await client.request('list', [1])).toEqual([1]);
    expect(await client.request('schema', { size: '7' })).toBe(7);
    // nobody says what these are, so they are whatever comes
    expect(await client.request('fields', { a: 'x', b: 1 })).toEqual(['x', 1]);
    expect(await client.request('any', { from: 'x' })).toEqual({ from: 'x' });
    for (const [event, data, path] of [
      ['line', { from: { x: 'a' } }, 'from.x'],
      ['line', { from: { x: 1 }, to: 1 }, 'to'],
      ['text', 1, ''],
      ['number', 'a', ''],
      ['list', {}, ''],
      ['schema', { size: 1 }, 'size'],
    ] as const) {
      await expect(client.request(event, data)).rejects.toMatchObject({
        code: 'validation_failed',
        details: [{ path }],
      });
    }
    await app.close();
  });

  test('for streams, and for hooks', async () => {
    const app = await appOf(`
      const closed: unknown[] = [];
      @WebSocketPath('/')
      class Controller {
        @OnUpgrade()
        upgrade(@ConnectedSocket() connection: Connection): void { connection.user = { id: 'ann' }; }

        @OnOpen()
        open(@CurrentUser() user: { id: string }): string { return user.id; }

        @OnMessage()
        async stream(@MessageBody(() => MessageStream) stream: MessageStream): Promise<string> {
          let length = 0;
          for await (const chunk of stream) length += chunk.length;
          return stream.binary + ' ' + length;
        }

        @OnMessage('fail')
        fail(): never { throw new TypeError('wrong type'); }

        @OnMessage('closed')
        closed(): unknown { return closed; }

        @OnError(TypeError)
        error(@MessageBody() error: TypeError): string { return error.message; }

        @OnClose()
        close(@MessageBody() close: CloseInfo): void { closed.push(close instanceof CloseInfo, close.code); }
      }`);
    const client = await app.connect('/');
    expect(await client.receive()).toBe('ann');
    client.send(Buffer.from('abc'));
    expect(await client.receive()).toBe('true 3');
    client.emit('fail');
    expect(await client.receiveEvent()).toEqual({ event: 'fail', data: 'wrong type' });
    await client.close(3000);
    expect(await (await app.connect('/')).request('closed')).toEqual([true, 3000]);
    await app.close();
  });
});

describe('what is missing is a boot error', () => {
  const untyped =
    'its type is not known at run time. Set "emitDecoratorMetadata": true under "compilerOptions" in tsconfig.json, or ' +
    `bind it explicitly with @MessageBody(), @ConnectedSocket() or @Inject(token). ${WHO_EMITS_NONE}`;
  const setting = `"emitDecoratorMetadata": true in tsconfig.json; or bind the parameter with @Inject(token). ${WHO_EMITS_NONE}`;
  // that of a controller needs no other decorator
  const uninjectable = `its type is not known. Set ${setting}`;

  test.each<[string, string, string]>([
    [
      'a message',
      '@OnMessage() text(message: string): string { return message; }',
      `Controller.text, parameter 1 (message): ${untyped}`,
    ],
    [
      'the data of an event',
      `@OnMessage('line') line(line: Line): unknown { return line; }`,
      `Controller.line, parameter 1 (line): ${untyped}`,
    ],
    [
      'a connection, after a parameter that is explicit',
      '@OnMessage() text(@MessageBody(() => String) message: string, connection: Connection): unknown { return connection; }',
      `Controller.text, parameter 2 (connection): ${untyped}`,
    ],
    [
      'a provider, before a parameter that is explicit',
      '@OnMessage() text(greeter: Greeter, @MessageBody() message: string): string { return greeter.greet(message); }',
      `Controller.text, parameter 1 (greeter): ${untyped}`,
    ],
    [
      'a signal',
      '@OnMessage() text(signal: AbortSignal): unknown { return signal; }',
      `Controller.text, parameter 1 (signal): ${untyped}`,
    ],
    [
      'what a hook is about',
      '@OnClose() close(close: CloseInfo): void { void close; }',
      `Controller.close, parameter 1 (close): ${untyped}`,
    ],
    [
      'a provider of the constructor',
      'constructor(private readonly greeter: Greeter) {} @OnMessage() text(): string { return this.greeter.greet(""); }',
      `Controller, constructor parameter 1: ${uninjectable}`,
    ],
    [
      'the second provider of the constructor',
      'constructor(@Inject(LIMIT) limit: number, greeter: Greeter) { void [limit, greeter]; } @OnMessage() any(): void {}',
      `Controller, constructor parameter 2: ${uninjectable}`,
    ],
    [
      'the first, where the second is there',
      'constructor(greeter: Greeter, @Inject(LIMIT) limit: number) { void [limit, greeter]; } @OnMessage() any(): void {}',
      `Controller, constructor parameter 1: ${uninjectable}`,
    ],
  ])('%s', async (_what, members, message) => {
    const error = await appOf(`@WebSocketPath('/') class Controller { ${members} }`).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(BootError);
    expect((error as BootError).message).toBe(message);
  });

  test('the page about it is there', () => {
    const page = /docs\/guide\/[\w-]+\.md/.exec(WHO_EMITS_NONE)![0];
    expect(existsSync(join(__dirname, '../..', page))).toBe(true);
  });

  test('a provider of a provider', async () => {
    const error = await appOf(`
      @injectable()
      class Polite { constructor(private readonly greeter: Greeter) {} }
      providers.push(Polite);
      @WebSocketPath('/')
      class Controller { @OnMessage() any(): void {} }`).catch((reason: unknown) => reason);
    expect((error as BootError).message).toBe(
      `Polite, constructor parameter 1: its type is not known. Decorate Polite with @injectable() from portal-ws, with ${setting}`,
    );
  });
});
