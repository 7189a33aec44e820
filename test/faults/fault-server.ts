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

/** The server of the tests of faults, in a process of its own. `server-process.ts` compiles it. */

const figures = {
  received: 0,
  handled: 0,
  limited: 0,
  opened: 0,
  closed: 0,
  /** Sockets of clients that are open now. */
  sockets: 0,
  /** Failures of handlers and hooks that were reported. */
  failed: 0,
  /** Messages of `/stepped` that were handled in order, and the most that waited for the handler. */
  stepped: 0,
  mostWaiting: 0,
  /** The most bytes of `publish` that waited on one connection. */
  mostBuffered: 0,
};
export type Figures = typeof figures;

/** Commands of a test. The process answers each with its figures when it is done. */
export interface Command {
  /** Blocks the event loop for so long. */
  blockMs?: number;
  /** Waits until so many handlers are held. */
  untilHeld?: number;
  /** Lets the held handlers finish. */
  release?: boolean;
  /** Lets the handler of `/stepped` handle so many messages more. */
  steps?: number;
  /** Sends `messages` of `size` bytes to all connections, as fast as it can. */
  publish?: { messages: number; size: number; by: 'send' | 'broadcast' };
  /** Waits until all connections have gone, and answers with the `Leftovers` instead of the figures. */
  leftovers?: boolean;
}

/** The resources of a process when its connections have gone. */
export interface Leftovers {
  connections: number;
  /** Numbers of the resources that keep the process alive, by kind. */
  resources: Record<string, number>;
  /** Timers of the application's clock. */
  timers: number;
  /** Listeners on `process`, those for signals included. */
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

/** Handles messages that begin with their numbers, one for each step of `Command.steps`. */
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

/** Collects young garbage as messages pass, so that memory shows what they hold, not garbage. */
function passed(bytes: number): void {
  uncollected += bytes;
  if (uncollected < COLLECT_EVERY) return;
  uncollected = 0;
  void globalThis.gc!({ type: 'minor' });
}

/** Sends the messages, and lets the event loop run after every sixteenth. */
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

/** Fails at the place, and in the way, that the connection's query names. */
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

/** Fails, and its error handlers and filters fail too. */
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

/** Waits until no connection and no client's socket is left. */
async function leftoversOf(app: Application): Promise<Leftovers> {
  while (app.connections.size > 0 || sockets() > 0) await new Promise(setImmediate);
  const resources: Record<string, number> = {};
  for (const name of process.getActiveResourcesInfo()) {
    // the Immediate of this loop comes and goes
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

// the IPC channel must not keep the process alive when the server has closed
process.channel!.unref();

const timers = new Set<NodeJS.Timeout>();

/** The engine's own clock, with its timers counted. */
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
