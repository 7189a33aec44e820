import {
  Catch,
  CloseInfo,
  Connection,
  ForbiddenError,
  injectable,
  OnClose,
  OnError,
  OnMessage,
  OnOpen,
  OnUpgrade,
  UseFilters,
  UseGuards,
  UseInterceptors,
  WebSocketPath,
  type Context,
  type ExceptionFilter,
  type Guard,
  type Interceptor,
} from '../../src';
import { connect, start } from '../support/app';
import { RawClient } from '../support/raw-client';
import { serve, settled } from '../support/serve';

const heard: string[] = [];
beforeEach(() => void (heard.length = 0));

/** What every controller has, and none may be asked. */
class Base {
  @OnOpen()
  open(): void {
    heard.push('opened');
  }

  @OnMessage()
  message(text: string): string {
    return text;
  }

  @OnClose()
  bye(): void {
    heard.push('closed');
  }
}

const refused = { status: 401, body: 'no token' };

const close = (connection: Connection): void => void connection.close(4401, 'no token');

@WebSocketPath('/method')
class ByMethod extends Base {
  @OnUpgrade()
  up(connection: Connection): void {
    close(connection);
  }
}

@WebSocketPath('/awaits')
class Awaits extends Base {
  @OnUpgrade()
  async up(connection: Connection): Promise<void> {
    const info = await connection.close(4401, 'no token');
    heard.push(
      `${info instanceof CloseInfo} ${info.code} ${info.clean} ${connection.state} ${connection.signal.aborted}`,
    );
  }
}

@WebSocketPath('/returns')
class Returns extends Base {
  @OnUpgrade()
  up(connection: Connection): unknown {
    return connection.close(4401, 'no token');
  }
}

@WebSocketPath('/junk')
class ReturnsJunk extends Base {
  @OnUpgrade()
  up(connection: Connection): unknown {
    close(connection);
    return 5;
  }
}

class Closes implements Guard {
  canActivate({ connection }: Context): boolean {
    close(connection);
    return true;
  }
}

class ClosesLate implements Guard {
  async canActivate({ connection }: Context): Promise<boolean> {
    await settled();
    await connection.close(4401, 'no token');
    return true;
  }
}

class ClosesAndRefuses implements Guard {
  canActivate({ connection }: Context): boolean {
    close(connection);
    return false;
  }
}

class MustNotBeAsked implements Guard {
  canActivate(): boolean {
    heard.push('another guard was asked');
    return true;
  }
}

function guarded(...guards: (new () => Guard)[]): new () => Base {
  @WebSocketPath('/guarded')
  @UseGuards(...guards, MustNotBeAsked)
  class Guarded extends Base {
    @OnUpgrade()
    up(): void {
      heard.push('@OnUpgrade was called');
    }
  }
  return Guarded;
}

@WebSocketPath('/method-guard')
class GuardOfMethod extends Base {
  @OnUpgrade()
  @UseGuards(Closes, MustNotBeAsked)
  up(): void {
    heard.push('@OnUpgrade was called');
  }
}

class Closing implements Interceptor {
  intercept({ connection, kind }: Context, next: () => unknown): unknown {
    if (kind === 'upgrade') close(connection);
    return next();
  }
}

@WebSocketPath('/interceptor')
@UseInterceptors(Closing)
class ByInterceptor extends Base {
  @OnUpgrade()
  up(): void {
    heard.push('@OnUpgrade was called');
  }
}

class ReturnsClose implements Interceptor {
  intercept({ connection }: Context): unknown {
    return connection.close(4401, 'no token');
  }
}

@WebSocketPath('/interceptor-returns')
@UseInterceptors(ReturnsClose)
class ByReturnOfInterceptor extends Base {
  @OnUpgrade()
  up(): void {
    heard.push('@OnUpgrade was called');
  }
}

@Catch(ForbiddenError)
class ClosingFilter implements ExceptionFilter {
  catch(_error: unknown, { connection }: Context): void {
    close(connection);
  }
}

@WebSocketPath('/filter')
@UseFilters(ClosingFilter)
class ByFilter extends Base {
  @OnUpgrade()
  up(): void {
    throw new ForbiddenError();
  }
}

@WebSocketPath('/on-error')
class ByOnError extends Base {
  @OnUpgrade()
  up(): void {
    throw new ForbiddenError();
  }

  @OnError(ForbiddenError)
  denied(_error: ForbiddenError, connection: Connection): void {
    close(connection);
  }
}

@WebSocketPath('/constructor', { scope: 'connection' })
class ByConstructor extends Base {
  constructor(connection: Connection) {
    super();
    close(connection);
  }

  @OnUpgrade()
  up(): void {}
}

@injectable()
class Kicks {
  kick(connection: Connection): void {
    close(connection);
  }
}

@WebSocketPath('/service')
class ByService extends Base {
  constructor(private readonly kicks: Kicks) {
    super();
  }

  @OnUpgrade()
  async up(connection: Connection): Promise<{ protocol?: string }> {
    await settled();
    this.kicks.kick(connection);
    return {};
  }
}

const CONTROLLERS: [string, new (...args: never[]) => Base, string][] = [
  ['@OnUpgrade', ByMethod, '/method'],
  ['@OnUpgrade that awaits it', Awaits, '/awaits'],
  ['@OnUpgrade that returns it', Returns, '/returns'],
  ['@OnUpgrade that returns what it may not', ReturnsJunk, '/junk'],
  ['a guard that returns true', guarded(Closes), '/guarded'],
  ['a guard that awaits it', guarded(ClosesLate), '/guarded'],
  ['a guard that returns false', guarded(ClosesAndRefuses), '/guarded'],
  ['a guard of the method', GuardOfMethod, '/method-guard'],
  ['an interceptor', ByInterceptor, '/interceptor'],
  ['an interceptor that returns it', ByReturnOfInterceptor, '/interceptor-returns'],
  ['an exception filter', ByFilter, '/filter'],
  ['@OnError', ByOnError, '/on-error'],
  ['a constructor', ByConstructor, '/constructor'],
  ['a service', ByService, '/service'],
];

test.each(CONTROLLERS)('%s that closes has refused the upgrade', async (_who, controller, path) => {
  const app = await serve([controller], { providers: [Kicks] });
  const answer = await app.refusal(path);
  expect(answer).toMatchObject(refused);
  expect(answer.headers['www-authenticate']).toBe('Bearer');
  await settled();
  expect(app.connections.size).toBe(0);
  expect(app.log.errors).toEqual([]);
  expect(heard).toEqual(controller === (Awaits as unknown) ? ['true 1006 false closed true'] : []);
});

test.each(CONTROLLERS)('so it is over a socket: %s', async (_who, controller, path) => {
  const app = await start([controller], { providers: [Kicks] });
  await expect(connect(app, path)).rejects.toThrow('Unexpected server response: 401');
  await settled();
  expect(app.connections.size).toBe(0);
  expect(heard).not.toContain('opened');
});

test('a guard of the application that closes', async () => {
  const app = await serve([guarded(Closes)], { guards: [Closes] });
  expect(await app.refusal('/guarded')).toMatchObject(refused);
  expect(heard).toEqual([]);
});

test.each([
  [4403, 403],
  [4429, 429],
  [4000, 403],
  [1008, 403],
  [undefined, 403],
])('close(%p) is HTTP %i', async (code, status) => {
  @WebSocketPath('/x')
  class Refusing extends Base {
    @OnUpgrade()
    up(connection: Connection): void {
      void connection.close(code);
    }
  }
  const app = await serve([Refusing]);
  expect((await app.refusal('/x')).status).toBe(status);
});

test('a code that no close may have is a failure of who calls', async () => {
  @WebSocketPath('/x')
  class Wrong extends Base {
    @OnUpgrade()
    up(connection: Connection): void {
      void connection.close(401);
    }
  }
  const app = await serve([Wrong]);
  expect((await app.refusal('/x')).status).toBe(500);
  expect(app.log.errors).toHaveLength(1);
});

test('terminate() at an upgrade cuts the client, and is no line of the log', async () => {
  @WebSocketPath('/x')
  class Cutting extends Base {
    @OnUpgrade()
    async up(connection: Connection): Promise<void> {
      connection.terminate();
      await connection.close();
    }
  }
  const app = await serve([Cutting]);
  await expect(app.connect('/x')).rejects.toThrow('socket hang up');
  await settled();
  expect([heard, app.connections.size, app.log.lines]).toEqual([[], 0, []]);
});

test('a client that left is nobody for the next guard, nor for @OnUpgrade', async () => {
  let left!: () => void;
  class Waits implements Guard {
    async canActivate({ connection }: Context): Promise<boolean> {
      await new Promise((resolve) => {
        connection.signal.addEventListener('abort', resolve);
        left();
      });
      return true;
    }
  }
  const app = await start([guarded(Waits)]);
  const asked = new Promise<void>((resolve) => (left = resolve));
  const client = await RawClient.connect(app.url);
  client.upgrade('/guarded');
  await asked;
  client.socket.end();
  await client.end();
  await settled();
  expect(heard).toEqual([]);
});
