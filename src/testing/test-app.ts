import { Application, buildParts } from '../app';
import type { PortalOptions } from '../app';
import type { Constructor, ModuleProvider } from '../decorators';
import { clearInterval, setImmediate, setInterval } from '../transport';
import { upgrade, type ConnectOptions } from './client-handshake';
import { ManualClock } from './manual-clock';
import { MemorySocket } from './memory-socket';
import { StreamClient, type TestClient } from './test-client';

export interface TestOptions extends Omit<PortalOptions, 'clock'> {
  /** Providers that replace those of the modules with the same token. A class that no module lists, such as a guard, is a token too. */
  override?: ModuleProvider[] | undefined;
}

/** An application without a port, with clients in the same process. */
export interface TestApp extends Application {
  /**
   * Connects a client to a path, with or without a query, by the same handshake as over a socket.
   * @throws UpgradeRefusedError when the upgrade is refused
   */
  connect(path: string, options?: ConnectOptions): Promise<TestClient>;
  /** Lets `ms` milliseconds pass on the application's clock, which stands still otherwise. Resolves when the effects have happened. */
  advance(ms: number): Promise<void>;
}

/**
 * Builds and starts an application on the real engine, with streams in memory and a clock that stands still.
 * @throws BootError and the other errors of `createApp`
 */
export async function createTestApp(root: Constructor, options: TestOptions = {}): Promise<TestApp> {
  const { override = [], ...rest } = options;
  if (!Array.isArray(override)) throw new TypeError('override must be an array of providers');
  const clock = new ManualClock();
  const app = new InMemoryApp(await buildParts(root, { ...rest, clock }, { overrides: override }), clock);
  await app.start();
  return app;
}

class InMemoryApp extends Application implements TestApp {
  private readonly sockets = new Set<MemorySocket>();
  private closed = false;

  constructor(
    parts: ConstructorParameters<typeof Application>[0],
    private readonly clock: ManualClock,
  ) {
    super(parts);
  }

  /** @throws what an `onInit` throws, after the application has ended again */
  async start(): Promise<void> {
    await this.lifecycle.start(true);
  }

  async connect(path: string, options: ConnectOptions = {}): Promise<TestClient> {
    if (this.closed && !this.engine.listening) throw new Error('the application is closed');
    const [ours, theirs] = MemorySocket.pair();
    this.sockets.add(ours);
    ours.on('close', () => this.sockets.delete(ours));
    this.engine.serve(theirs);
    const { socket, head, headers } = await upgrade(ours, path, options);
    if (head.length > 0) socket.unshift(head);
    const protocol = headers['sec-websocket-protocol'] ?? '';
    const [pathname = ''] = path.split('?');
    const codec = this.engine.find(pathname)!.codecFor(protocol);
    return new StreamClient(socket, protocol, codec);
  }

  async advance(ms: number): Promise<void> {
    // messages that were sent before arrive before time passes
    await settle();
    let left = ms;
    do {
      left = this.clock.step(left);
      await settle();
    } while (left > 0 || this.clock.isDue);
  }

  /**
   * Waits for handlers as a server does. Meanwhile time passes as in reality, so that their timers end. After a second it passes
   * faster and faster, so that the application's deadline comes before that of the test.
   */
  override async close(): Promise<void> {
    this.closed = true;
    let ticks = 0;
    const tick = (): void => this.clock.advance(TICK_MS * 2 ** Math.max(0, ++ticks - PATIENT_TICKS));
    const ticking = setInterval(tick, TICK_MS);
    await super.close().finally(() => clearInterval(ticking));
    for (const socket of this.sockets) socket.destroy();
    await settle();
  }
}

/** Milliseconds between two steps of the clock while the application closes. */
const TICK_MS = 20;

/** The number of steps in real time. */
const PATIENT_TICKS = 50;

/** Turns of the event loop in which a message reaches a handler and its answer comes back. */
const TURNS = 10;

async function settle(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve));
}
