import {
  bootstrap,
  Connection,
  Module,
  OnClose,
  OnError,
  OnMessage,
  OnOpen,
  OnPing,
  OnUpgrade,
  UseFilters,
  UseGuards,
  UseInterceptors,
  WebSocketPath,
  type Application,
  type Context,
  type PortalOptions,
} from 'portal-ws';

/** Runs in a process of its own, compiled by `server-process.ts`: what befalls it must not befall the tests. */

const figures = {
  received: 0,
  handled: 0,
  limited: 0,
  opened: 0,
  closed: 0,
  /** That are open now, the server's own aside. */
  sockets: 0,
  /** What was reported of handlers and hooks. */
  failed: 0,
  /** Of `/stepped`: handled in the order of their numbers, and the most that waited for the handler. */
  stepped: 0,
  mostWaiting: 0,
  /** The most that one connection held of what is published. */
  mostBuffered: 0,
};
export type Figures = typeof figures;

/** What a test may ask for; each is answered with the figures when it is done. */
export interface Command {
  /** Nothing runs for so long. */
  blockMs?: number;
  /** Waits until so many handlers are held. */
  untilHeld?: number;
  /** Lets those go that are held. */
  release?: boolean;
  /** Lets the handler of `/stepped` go through so many messages more. */
  steps?: number;
  /** Sends so many messages of so many bytes to all, as fast as it can. */
  publish?: { messages: number; size: number; by: 'send' | 'broadcast' };
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

let arrived = 0;
let begun = 0;
let stepsLeft = 0;
let onSteps = (): void => {};
let onStepped = (): void => {};

/** Its messages begin with their numbers. */
@WebSocketPath('/stepped')
export class SteppedController {
  @OnMessage()
  async step(message: string): Promise<void> {
    begun++;
    while (stepsLeft === 0) await new Promise<void>((resolve) => (onSteps = resolve));
    await new Promise(setImmediate);
    if (parseInt(message) !== figures.stepped) throw new Error(`number ${figures.stepped} is ${parseInt(message)}`);
    figures.stepped++;
    passed(message.length);
    if (--stepsLeft === 0) onStepped();
  }
}

const COLLECT_EVERY = 4 * 1024 * 1024;
let uncollected = 0;

/** Collects young garbage as messages pass, so that what is measured is what they hold and not what V8 leaves lying. */
function passed(bytes: number): void {
  uncollected += bytes;
  if (uncollected < COLLECT_EVERY) return;
  uncollected = 0;
  void globalThis.gc!({ type: 'minor' });
}

/** Lets what it may cause happen every now and then. */
async function publish(app: Application, { messages, size, by }: Required<Command>['publish']): Promise<void> {
  const all = [...app.connections];
  for (let at = 0; at < messages; at++) {
    const message = Buffer.alloc(size, 'x');
    if (by === 'broadcast') app.connections.broadcast(message);
    else for (const connection of all) connection.send(message);
    for (const { bufferedBytes } of all) figures.mostBuffered = Math.max(figures.mostBuffered, bufferedBytes);
    passed(size);
    if (at % 16 === 0) await new Promise(setImmediate);
  }
}

/** Fails here in the way that the connection's query says. */
function failIn(place: string, { query }: Connection): unknown {
  switch (query.get(place)) {
    case 'throw':
      throw new Error('thrown');
    case 'reject':
      return Promise.reject(new Error('rejected'));
    case 'never':
      return new Promise(() => {});
    default:
      return undefined;
  }
}

const guardOf = (place: string) => ({
  canActivate: ({ connection }: Context) => (failIn(place, connection) ?? true) as boolean | Promise<boolean>,
});

@UseGuards(guardOf('guard'))
@WebSocketPath('/failing')
export class FailingController {
  @OnUpgrade()
  upgrade(connection: Connection): unknown {
    return failIn('upgrade', connection);
  }

  @OnOpen()
  open(connection: Connection): unknown {
    return failIn('open', connection);
  }

  @OnPing()
  ping(connection: Connection): unknown {
    return failIn('ping', connection);
  }

  @OnMessage()
  plain(_message: string, connection: Connection): unknown {
    return failIn('plain', connection);
  }

  @UseGuards(guardOf('method guard'))
  @UseInterceptors({
    intercept: ({ connection }: Context, next: () => unknown) => failIn('interceptor', connection) ?? next(),
  })
  @OnMessage('event')
  event(connection: Connection): unknown {
    return failIn('event', connection);
  }

  @OnClose()
  bye(connection: Connection): unknown {
    figures.closed++;
    return failIn('close', connection);
  }
}

/** Fails, and so do those who take its errors. */
@UseFilters({
  catch(error: Error, { connection }: Context) {
    if (!connection.query.has('filter')) throw error;
    return failIn('filter', connection);
  },
})
@WebSocketPath('/caught')
export class CaughtController {
  @OnMessage('event')
  event(): never {
    throw new Error('to be caught');
  }

  @OnError()
  caught(error: Error, connection: Connection): unknown {
    if (!connection.query.has('error')) throw error;
    return failIn('error', connection);
  }

  @OnClose()
  bye(): void {
    figures.closed++;
  }
}

@Module({ controllers: [EchoController, HeldController, SteppedController, FailingController, CaughtController] })
export class FaultModule {
  onShutdown(): void {
    process.send!(figures);
  }
}

const sockets = (): number => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;

/** Waits until nothing but the server itself is there, which takes turns of the loop after the last client has left. */
async function leftoversOf(app: Application): Promise<Leftovers> {
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
  const { blockMs = 0, untilHeld = 0, release = false, steps = 0, leftovers = false } = command;
  if (blockMs > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, blockMs);
  while (held.length < untilHeld) await new Promise<void>((resolve) => (onHeld = resolve));
  if (release) {
    for (const resolve of held) resolve();
    held = [];
  }
  if (steps > 0) {
    const done = new Promise<void>((resolve) => (onStepped = resolve));
    stepsLeft = steps;
    onSteps();
    await done;
  }
  if (command.publish !== undefined) await publish(app, command.publish);
  figures.sockets = sockets();
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
  received({ path }: Connection) {
    figures.received++;
    if (path === '/stepped') figures.mostWaiting = Math.max(figures.mostWaiting, ++arrived - begun);
  },
  limited: () => void figures.limited++,
  opened: () => void figures.opened++,
  failed: () => void figures.failed++,
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
