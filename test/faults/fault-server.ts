import { bootstrap, Module, OnClose, OnMessage, WebSocketPath, type Application, type PortalOptions } from 'portal-ws';

/** Runs in a process of its own, compiled by `server-process.ts`: what befalls it must not befall the tests. */

const figures = { received: 0, handled: 0, limited: 0, opened: 0, closed: 0 };
export type Figures = typeof figures;

/** What a test may ask for; each is answered with the figures when it is done. */
export interface Command {
  /** Nothing runs for so long. */
  blockMs?: number;
  /** Waits until so many handlers are held. */
  untilHeld?: number;
  /** Lets those go that are held. */
  release?: boolean;
  /** Asks what is left when all connections have gone, in place of the figures. */
  leftovers?: boolean;
}

/** What a process has beside its program. */
export interface Leftovers {
  connections: number;
  /** Sockets and whatever else keeps the process alive, by kind. */
  resources: Record<string, number>;
  /** Of the application. */
  timers: number;
  /** On the process and its signals. */
  listeners: number;
  heap: number;
}

let held: (() => void)[] = [];
let onHeld = (): void => {};

@WebSocketPath('/echo')
export class EchoController {
  @OnMessage()
  async echo(message: string): Promise<string> {
    await new Promise(setImmediate);
    figures.handled++;
    return message;
  }

  @OnClose()
  bye(): void {
    figures.closed++;
  }
}

@WebSocketPath('/held')
export class HeldController {
  @OnMessage()
  async hold(message: string): Promise<string> {
    await new Promise<void>((resolve) => {
      held.push(resolve);
      onHeld();
    });
    return message;
  }
}

@Module({ controllers: [EchoController, HeldController] })
export class FaultModule {
  onShutdown(): void {
    process.send!(figures);
  }
}

/** Waits until nothing but the server itself is there, which takes turns of the loop after the last client has left. */
async function leftoversOf(app: Application): Promise<Leftovers> {
  const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
  while (app.connections.size > 0 || sockets() > 0) await new Promise(setImmediate);
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) {
    // what this very turn runs in comes and goes
    if (name !== 'Immediate') resources[name] = (resources[name] ?? 0) + 1;
  }
  const listeners = process.eventNames().reduce((sum, name) => sum + process.listenerCount(name), 0);
  for (let i = 0; i < 3; i++) {
    globalThis.gc!();
    await new Promise(setImmediate);
  }
  const { heapUsed: heap } = process.memoryUsage();
  return { connections: app.connections.size, resources, timers: timers.size, listeners, heap };
}

async function obey(app: Application, command: Command): Promise<void> {
  const { blockMs = 0, untilHeld = 0, release = false, leftovers = false } = command;
  if (blockMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
  while (held.length < untilHeld) await new Promise<void>((resolve) => (onHeld = resolve));
  if (release) {
    for (const resolve of held) resolve();
    held = [];
  }
  process.send!(leftovers ? await leftoversOf(app) : figures);
}

// the channel must not keep a server alive that has closed
process.channel!.unref();

const timers = new Set<NodeJS.Timeout>();

/** The engine's own, counted. */
const clock = {
  now: () => performance.now(),
  after(ms: number, callback: () => void) {
    const timer = setTimeout(() => {
      timers.delete(timer);
      callback();
    }, ms);
    timer.unref();
    timers.add(timer);
    const cancel = (): void => {
      clearTimeout(timer);
      timers.delete(timer);
    };
    return { cancel };
  },
};

const silent = { info: () => {}, warn: () => {}, error: () => {} };
const observer = {
  received: () => void figures.received++,
  limited: () => void figures.limited++,
  opened: () => void figures.opened++,
};

void bootstrap(FaultModule, {
  port: 0,
  host: '127.0.0.1',
  clock,
  logger: silent,
  observers: [observer],
  ...(JSON.parse(process.argv[2] ?? '{}') as PortalOptions),
}).then((app) => {
  process.on('message', (command: Command) => void obey(app, command));
  process.send!(app.url);
});
