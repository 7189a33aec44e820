import { once } from 'node:events';
import { WebSocket, type ClientOptions } from 'ws';
import {
  Connection,
  createApp,
  injectable,
  Module,
  OnMessage,
  UnauthorizedError,
  UseGuards,
  WebSocketPath,
  type Application,
  type Context,
  type Guard,
} from '../../src';
import { CA } from '../support/certificates';

/** The users who are logged in. Routes of a framework and the guard share it. */
@injectable()
export class Sessions {
  private readonly users = new Map<string, string>();
  private count = 0;

  begin(user: string): string {
    const id = `s${++this.count}`;
    this.users.set(id, user);
    return id;
  }

  userOf(cookie: string | undefined): string | undefined {
    return this.users.get(/session=(\w+)/.exec(cookie ?? '')?.[1] ?? '');
  }
}

@injectable()
class SessionGuard implements Guard {
  constructor(private readonly sessions: Sessions) {}

  async canActivate({ connection }: Context): Promise<boolean> {
    await Promise.resolve();
    const id = this.sessions.userOf(connection.handshake.headers.cookie);
    if (id === undefined) throw new UnauthorizedError();
    connection.user = { id };
    return true;
  }
}

@WebSocketPath('/chat/:room')
@UseGuards(SessionGuard)
export class ChatController {
  @OnMessage()
  say(text: string, connection: Connection) {
    const { httpVersion, secure } = connection.handshake;
    return `${connection.user?.id} in ${connection.params.room} over ${httpVersion}${secure ? ', secure' : ''}: ${text}`;
  }
}

@Module({ controllers: [ChatController], providers: [Sessions] })
class ChatModule {}

const apps = new Set<Application>();
const sockets = new Set<WebSocket>();

export async function createChat(): Promise<Application> {
  const app = await createApp(ChatModule, { logger: { info() {}, warn() {}, error() {} } });
  apps.add(app);
  return app;
}

/** A client of `ws` that was accepted. */
export async function enter(url: string, options: ClientOptions = {}): Promise<WebSocket> {
  const socket = new WebSocket(url, { ca: CA, ...options });
  sockets.add(socket);
  await once(socket, 'open');
  return socket;
}

export async function say(socket: WebSocket, text: string): Promise<string> {
  const answered = once(socket, 'message') as Promise<[Buffer]>;
  socket.send(text);
  return (await answered)[0].toString();
}

/** The code with which a client's connection ends. */
export async function codeOf(socket: WebSocket): Promise<number> {
  return ((await once(socket, 'close')) as [number])[0];
}

/** The status that refuses a client. */
export async function refusalOf(url: string, options: ClientOptions = {}): Promise<number | undefined> {
  const socket = new WebSocket(url, { ca: CA, ...options }).on('error', () => {});
  const [, response] = (await once(socket, 'unexpected-response')) as [
    unknown,
    { statusCode?: number; resume(): void },
  ];
  response.resume();
  socket.terminate();
  return response.statusCode;
}

afterEach(async () => {
  for (const socket of sockets) socket.terminate();
  sockets.clear();
  await Promise.all([...apps].map((app) => app.close()));
  apps.clear();
});
