import { Channels, Connection, OnMessage, OnSubscribe, OnUpgrade, WebSocketPath, type PortalOptions } from '../../src';
import { createTestApp, type TestApp, type TestClient } from '../../src/testing';
import { MemoryLogger, moduleOf } from './app';
import { turns } from './until';

type Method =
  'subscribe' | 'unsubscribe' | 'subscribePattern' | 'unsubscribePattern' | 'publish' | 'close' | 'terminate';

/** The decision of `@OnSubscribe`. */
export type Gatekeeper = (connection: Connection, channel: string) => unknown;

/** A controller whose clients call the channel methods of `connection`; `?user=` is the user. */
function controllerWith(gate: Gatekeeper) {
  @WebSocketPath('/')
  class AnythingController {
    @OnUpgrade()
    identify(connection: Connection): void {
      const id = connection.query.get('user');
      if (id !== null) connection.user = { id };
    }

    @OnSubscribe()
    admit(connection: Connection, channel: string): unknown {
      return gate(connection, channel);
    }

    @OnMessage()
    async call(connection: Connection, text: string): Promise<string> {
      const { call, method, args } = JSON.parse(text) as { call: number; method: Method; args: never[] };
      try {
        const methods = connection as unknown as Record<Method, (...given: unknown[]) => unknown>;
        const result = await methods[method](...args);
        return JSON.stringify({ call, result });
      } catch (error) {
        const { name, code, message } = error as Error & { code?: string };
        return JSON.stringify({ call, error: { name, code, message } });
      }
    }
  }
  return AnythingController;
}

const apps = new Set<TestApp>();

/** A process of the application. */
export class Process {
  private constructor(
    readonly app: TestApp,
    readonly log: MemoryLogger,
  ) {}

  static async start(
    options: Omit<PortalOptions, 'clock'> & { gate?: Gatekeeper; providers?: never[] } = {},
  ): Promise<Process> {
    const { gate = () => undefined, providers = [], ...rest } = options;
    const logger = new MemoryLogger();
    const root = moduleOf([controllerWith(gate)], providers);
    const app = await createTestApp(root, { heartbeat: false, logger, ...rest });
    apps.add(app);
    await settled();
    return new Process(app, logger);
  }

  get channels(): Channels {
    return this.app.container.resolve(Channels);
  }

  async connect(query = ''): Promise<Peer> {
    return new Peer(await this.app.connect(`/${query}`));
  }
}

/** A client that calls methods of its `connection`, and keeps its messages. */
export class Peer {
  /** All messages but the answers to its calls. */
  readonly messages: (string | Uint8Array)[] = [];
  private readonly calls = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>();
  private count = 0;

  constructor(readonly client: TestClient) {
    void this.read();
  }

  subscribe(channel: string, options: { data?: unknown; since?: string } = {}): Promise<{ offset: string }> {
    return this.call('subscribe', channel, options);
  }

  unsubscribe(channel: string): Promise<void> {
    return this.call('unsubscribe', channel);
  }

  subscribePattern(pattern: string): Promise<void> {
    return this.call('subscribePattern', pattern);
  }

  unsubscribePattern(pattern: string): Promise<void> {
    return this.call('unsubscribePattern', pattern);
  }

  publish(channel: string, message: string): Promise<void> {
    return this.call('publish', channel, message);
  }

  call<T>(method: Method, ...args: unknown[]): Promise<T> {
    const call = ++this.count;
    this.client.send(JSON.stringify({ call, method, args }));
    return new Promise<T>((resolve, reject) => this.calls.set(call, { resolve, reject }));
  }

  /** Removes and returns the messages that have come until now. */
  async received(): Promise<(string | Uint8Array)[]> {
    await settled();
    return this.messages.splice(0);
  }

  private async read(): Promise<void> {
    for (;;) {
      const message = await this.client.receive().catch(() => undefined);
      if (message === undefined) return;
      const answer = typeof message === 'string' && message.startsWith('{"call"') ? parse(message) : undefined;
      if (answer === undefined) this.messages.push(message);
      else if (answer.error === undefined) this.calls.get(answer.call)!.resolve(answer.result as never);
      else this.calls.get(answer.call)!.reject(Object.assign(new Error(), answer.error));
    }
  }
}

const parse = (text: string) => JSON.parse(text) as { call: number; result?: unknown; error?: Error };

/** Resolves when packets have gone from process to process, and to clients. */
export const settled = (): Promise<void> => turns(30);

/** Advances the clocks of all processes together. */
export async function pass(ms: number, ...processes: Process[]): Promise<void> {
  for (let left = ms; left > 0; left -= 100) {
    for (const { app } of processes) await app.advance(Math.min(left, 100));
  }
  await settled();
}

afterEach(async () => {
  const closing = [...apps];
  apps.clear();
  await Promise.all(closing.map((app) => app.close()));
});
