import { once } from 'node:events';
import { createServer } from 'node:http';
import { WebSocket } from 'ws';
import {
  createApp,
  OnMessage,
  UnauthorizedError,
  UseGuards,
  WebSocketPath,
  type Application,
  type Guard,
} from '../../src';
import { moduleOf } from '../support/app';
import { deferred } from '../support/engine';
import { opened, portOf, stateOf } from '../support/foreign';
import { codeOf, enter, refusalOf, say } from './chat';

@WebSocketPath('/echo')
class EchoController {
  @OnMessage()
  text(message: string) {
    return message;
  }
}

class Closed implements Guard {
  async canActivate(): Promise<boolean> {
    await Promise.resolve();
    throw new UnauthorizedError();
  }
}

@WebSocketPath('/closed')
@UseGuards(Closed)
class ClosedController {
  @OnMessage()
  any() {}
}

/** Records its start and its stop. */
class Journal {
  readonly lines: string[] = [];
  ready: Promise<void> | undefined;

  async onInit(): Promise<void> {
    this.lines.push('init');
    await this.ready;
  }

  onShutdown(): void {
    this.lines.push('shutdown');
  }
}

let app: Application;
let journal: Journal;

const create = () => opened(createServer((_request, response) => void response.end('plain')));
const urlOf = (server: Awaited<ReturnType<typeof create>>, path = '/echo') => `ws://localhost:${portOf(server)}${path}`;

beforeEach(async () => {
  journal = new Journal();
  const providers = [{ token: Journal, useValue: journal }];
  const logger = { info() {}, warn() {}, error() {} };
  app = await createApp(moduleOf([EchoController, ClosedController], providers), { port: 0, logger });
});

afterEach(() => app.close());

test('an application starts before it is attached, and stops when it is closed', async () => {
  const server = await create();
  const before = stateOf(server);
  const ready = deferred();
  journal.ready = ready.promise;
  const attaching = app.attach(server);
  await new Promise(setImmediate);
  expect(journal.lines).toEqual(['init']);
  expect(stateOf(server)).toEqual(before);
  ready.resolve();
  await attaching;
  const socket = await enter(urlOf(server));
  const code = codeOf(socket);
  await app.close();
  expect(await code).toBe(1001);
  expect(journal.lines).toEqual(['init', 'shutdown']);
  expect(stateOf(server)).toEqual(before);
});

test('an application starts once for several servers and a port of its own; closing ends all', async () => {
  const servers = [await create(), await create()];
  for (const server of servers) await app.attach(server);
  await app.listen();
  const urls = [...servers.map((server) => urlOf(server)), `${app.url}/echo`];
  const codes: Promise<number>[] = [];
  for (const url of urls) {
    const socket = await enter(url);
    expect(await say(socket, 'hi')).toBe('hi');
    codes.push(codeOf(socket));
  }
  expect(app.connections.size).toBe(3);
  await app.close();
  expect(await Promise.all(codes)).toEqual([1001, 1001, 1001]);
  expect(journal.lines).toEqual(['init', 'shutdown']);
});

test('an application detached from one server goes on at the others', async () => {
  const [one, two] = [await create(), await create()];
  const detach = await app.attach(one);
  await app.attach(two);
  detach();
  expect(await say(await enter(urlOf(two)), 'hi')).toBe('hi');
  expect(journal.lines).toEqual(['init']);
});

test('an application attached again while it closes waits until it is closed', async () => {
  const server = await create();
  await app.attach(server);
  const closing = app.close();
  await app.attach(server);
  await closing;
  expect(journal.lines).toEqual(['init', 'shutdown', 'init']);
  expect(await say(await enter(urlOf(server)), 'hi')).toBe('hi');
});

test('a guard refuses with its status', async () => {
  const server = await create();
  await app.attach(server);
  expect(await refusalOf(urlOf(server, '/closed'))).toBe(401);
  expect(app.connections.size).toBe(0);
});

test('an object that is not a server is refused, and nothing stays started', async () => {
  await expect(app.attach({} as never)).rejects.toThrow(TypeError);
  expect(journal.lines).toEqual(['init', 'shutdown']);
});

test('attaching twice to one server is refused, and the first goes on', async () => {
  const server = await create();
  await app.attach(server);
  await expect(app.attach(server)).rejects.toThrow('it is attached to this server already');
  expect(journal.lines).toEqual(['init']);
  expect(await say(await enter(urlOf(server)), 'hi')).toBe('hi');
});

test('an application that is only attached has no address of its own', async () => {
  await app.attach(await create());
  expect(() => app.url).toThrow('the server is not listening');
  expect(() => app.port).toThrow('the server is not listening');
});

test('the owner may close the server first: it waits for the WebSockets, which app.close() ends', async () => {
  const server = await create();
  await app.attach(server);
  const url = urlOf(server);
  const socket = await enter(url);
  const code = codeOf(socket);
  const closed = once(server, 'close');
  server.close();
  await once(new WebSocket(url), 'error');
  expect(socket.readyState).toBe(WebSocket.OPEN);
  await app.close();
  expect(await code).toBe(1001);
  await closed;
});
