import { WebSocket, type ClientOptions } from 'ws';
import { bootstrap, Module, type Application, type Logger, type PortalOptions } from '../../src';

type Class = abstract new (...args: never[]) => unknown;
type Providers = NonNullable<Parameters<typeof Module>[0]>['providers'];

/** A module of these controllers and providers. */
export function moduleOf(controllers: Class[], providers: Providers = []): Class {
  class TestModule {}
  Module({ controllers, ...(providers && { providers }) })(TestModule);
  return TestModule;
}

const apps = new Set<Application>();
const clients = new Set<TestClient>();

/** A logger that keeps its lines, as `level message`, and the errors of `err`. */
export class MemoryLogger implements Logger {
  readonly lines: string[] = [];
  readonly errors: unknown[] = [];

  info(_details: object, message: string): void {
    this.lines.push(`info ${message}`);
  }

  warn(_details: object, message: string): void {
    this.lines.push(`warn ${message}`);
  }

  error(details: object, message: string): void {
    this.lines.push(`error ${message}`);
    this.errors.push((details as { err?: unknown }).err);
  }
}

/** An application of these controllers on a free port, closed after the test. */
export async function start(controllers: Class[], options: PortalOptions & { providers?: Providers } = {}) {
  const { providers, ...rest } = options;
  const logger = new MemoryLogger();
  const app = await bootstrap(moduleOf(controllers, providers), {
    port: 0,
    host: '127.0.0.1',
    logger,
    shutdown: { deadlineMs: 200 },
    ...rest,
  });
  apps.add(app);
  return Object.assign(app, { log: logger });
}

/** A client of the `ws` library that keeps what it received until it is asked for. */
export class TestClient {
  private readonly received: (string | Buffer)[] = [];
  private wake: () => void = () => {};
  readonly closed: Promise<{ code: number; reason: string }>;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, isBinary) => {
      this.received.push(isBinary ? data : data.toString());
      this.wake();
    });
    this.closed = new Promise((resolve) =>
      socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() })),
    );
    clients.add(this);
  }

  send(message: string | Uint8Array): void {
    this.socket.send(message);
  }

  async receive(): Promise<string | Buffer> {
    while (this.received.length === 0) {
      const woken = new Promise<void>((resolve) => (this.wake = resolve));
      const ended = this.closed.then(({ code, reason }) => {
        if (this.received.length === 0) throw new Error(`closed with ${code} ${reason}`);
      });
      await Promise.race([woken, ended]);
    }
    return this.received.shift()!;
  }

  /** Sends a message and resolves with the next one received. */
  ask(message: string | Uint8Array): Promise<string | Buffer> {
    this.send(message);
    return this.receive();
  }
}

/** A client of an application, an engine or a process, cut after the test. */
export async function connect(
  app: Pick<Application, 'url'>,
  path: string,
  options: ClientOptions & { protocols?: string[] } = {},
): Promise<TestClient> {
  const { protocols = [], ...rest } = options;
  const socket = new WebSocket(app.url + path, protocols, rest);
  const client = new TestClient(socket);
  await new Promise((resolve, reject) => socket.on('open', resolve).on('error', reject));
  return client;
}

afterEach(async () => {
  for (const { socket } of clients) socket.terminate();
  clients.clear();
  const closing = [...apps].map((app) => app.close());
  apps.clear();
  await Promise.all(closing);
});
