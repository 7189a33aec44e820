import type * as tsyringe from 'tsyringe';
import type * as portal from '../../src';
import type * as testing from '../../src/testing';

/** A copy of Portal, with what it uses. */
export type Portal = typeof portal & { readonly testing: typeof testing; readonly tsyringe: typeof tsyringe };

type Connection = portal.Connection;
type CloseInfo = portal.CloseInfo;

/** Declares a class as the compiler would. */
function typed(target: object, types: unknown[], method?: string): void {
  if (method === undefined) Reflect.defineMetadata('design:paramtypes', types, target);
  else Reflect.defineMetadata('design:paramtypes', types, target, method);
}

/** Serves with one copy what another one decorated, and tells what a client and its handlers got. */
export async function connectSocket(running: Portal, its: Portal): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  const closed = new Promise<void>((resolve) => (found['resolve'] = resolve));
  const resolve = found['resolve'] as () => void;
  delete found['resolve'];

  class Db {}
  class Draft {
    constructor(readonly connection: Connection) {}
  }
  class Cart {}
  class Late {
    readonly name = 'late';
  }
  class Service {
    constructor(
      readonly motto: string,
      readonly connections: portal.Connections,
      readonly channels: portal.Channels,
      readonly all: unknown[],
      readonly late: Late,
    ) {}
  }
  typed(Draft, [its.Connection]);
  its.tsyringe.scoped(its.tsyringe.Lifecycle.ContainerScoped)(Draft);
  its.tsyringe.scoped(its.tsyringe.Lifecycle.ContainerScoped)(Cart);
  typed(Service, [String, its.Connections, its.Channels, Array, Object]);
  its.Inject('motto')(Service, undefined, 0);
  its.tsyringe.injectAll(Db)(Service, undefined, 3);
  its.tsyringe.inject(its.tsyringe.delay(() => Late))(Service, undefined, 4);
  its.injectable()(Service);
  const handler = (target: object, method: string, types: unknown[], decorator: MethodDecorator): void => {
    typed(target, types, method);
    decorator(target, method, Object.getOwnPropertyDescriptor(target, method)!);
  };

  class Base {
    types(connection: Connection, signal: AbortSignal, service: Service): boolean[] {
      return [
        connection instanceof running.Connection && connection instanceof its.Connection,
        signal instanceof AbortSignal,
        service instanceof Service,
      ];
    }
  }
  handler(Base.prototype, 'types', [its.Connection, AbortSignal, Service], its.OnMessage('types'));

  class Chat extends Base {
    constructor(readonly service: Service) {
      super();
    }
    injected(): unknown[] {
      const { motto, connections, channels, all } = this.service;
      return [motto, connections instanceof running.Connections, channels instanceof running.Channels, all.length];
    }
    late(): string {
      return this.service.late.name;
    }
    fail(): void {
      throw new its.PortalError('no_luck');
    }
    denied(): void {
      throw new its.ForbiddenError('denied');
    }
    guarded(): void {}
    async stream(stream: portal.MessageStream): Promise<string> {
      let text = '';
      for await (const chunk of stream) text += String(chunk);
      return text;
    }
    take(error: portal.ForbiddenError): string {
      return `caught ${error.message}`;
    }
    bye(close: CloseInfo): void {
      found['close'] = [close.code, close instanceof its.CloseInfo];
      resolve();
    }
  }
  typed(Chat, [Service]);
  handler(Chat.prototype, 'injected', [], its.OnMessage('injected'));
  handler(Chat.prototype, 'late', [], its.OnMessage('late'));
  handler(Chat.prototype, 'fail', [], its.OnMessage('fail'));
  handler(Chat.prototype, 'denied', [], its.OnMessage('denied'));
  handler(Chat.prototype, 'guarded', [], its.OnMessage('guarded'));
  its.UseGuards({ canActivate: () => its.refuse(403) })(Chat.prototype, 'guarded', {});
  handler(Chat.prototype, 'take', [its.ForbiddenError], its.OnError(its.ForbiddenError));
  handler(Chat.prototype, 'bye', [its.CloseInfo], its.OnClose());
  its.WebSocketPath('/')(Chat);

  class Streams {
    async stream(stream: portal.MessageStream): Promise<string> {
      let text = '';
      for await (const chunk of stream) text += String(chunk);
      return text;
    }
  }
  handler(Streams.prototype, 'stream', [its.MessageStream], its.OnMessage());
  its.WebSocketPath('/streams')(Streams);

  class Closed {
    any(): void {}
  }
  handler(Closed.prototype, 'any', [], its.OnMessage());
  its.UseGuards({ canActivate: () => its.refuse(403) })(Closed);
  its.WebSocketPath('/closed')(Closed);

  let carts = 0;
  const numbers = new Map<Cart, number>();
  class Own {
    constructor(
      readonly draft: Draft,
      readonly connection: Connection,
      readonly cart: Cart,
    ) {}
    number(draft: Draft): number {
      if (draft !== this.draft || draft.connection !== this.connection) return -1;
      if (!numbers.has(this.cart)) numbers.set(this.cart, ++carts);
      return numbers.get(this.cart)!;
    }
  }
  typed(Own, [Draft, its.Connection, Cart]);
  handler(Own.prototype, 'number', [Draft], its.OnMessage('number'));
  its.WebSocketPath('/own', { scope: 'connection' })(Own);

  class AppModule {}
  its.Module({
    controllers: [Chat, Streams, Closed, Own],
    providers: [Service, { token: 'motto', useValue: 'motto' }],
  })(AppModule);
  const app = await running.testing.createTestApp(AppModule);
  const client = await app.connect('/');
  const codeOf = (asked: Promise<unknown>): Promise<unknown> =>
    asked.then(
      (value) => value,
      ({ code }: { code: string }) => code,
    );
  found['types'] = await client.request('types');
  found['injected'] = await client.request('injected');
  found['late'] = await client.request('late');
  found['own'] = await codeOf(client.request('fail'));
  found['caught'] = await codeOf(client.request('denied'));
  found['denied'] = await codeOf(client.request('guarded'));
  const [ann, bob] = [await app.connect('/own'), await app.connect('/own')];
  found['scoped'] = [await ann.request('number'), await ann.request('number'), await bob.request('number')];
  const stream = await app.connect('/streams');
  stream.send('abc');
  found['stream'] = await stream.receive();
  found['refused'] = await app.connect('/closed').catch(({ status }: { status: number }) => status);
  await client.close(1000);
  await closed;
  await app.close();
  return found;
}
