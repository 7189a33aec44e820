import { IsInt } from 'class-validator';
import {
  CloseInfo,
  Connection,
  MessageBody,
  Module,
  OnClose,
  OnMessage,
  OnUpgrade,
  PathParam,
  QueryParam,
  refuse,
  UseGuards,
  WebSocketPath,
  type Context,
  type Guard,
  type PortalOptions,
} from '../../src';
import { MemoryLogger } from '../support/app';

/** The connections and their ends as handlers saw them. */
export class Seen {
  readonly connections = new Map<string, Connection>();
  private readonly closes = new Map<string, (close: CloseInfo) => void>();
  private readonly waiting = new Map<string, Promise<CloseInfo>>();

  /** Resolves with the end of the connection of the client named `name`. */
  close(name: string): Promise<CloseInfo> {
    let promise = this.waiting.get(name);
    if (promise === undefined) {
      promise = new Promise((resolve) => this.closes.set(name, resolve));
      this.waiting.set(name, promise);
    }
    return promise;
  }

  onClose(name: string, close: CloseInfo): void {
    void this.close(name);
    this.closes.get(name)!(close);
  }
}

@WebSocketPath('/echo', { protocols: ['chat.v2', 'chat.v1'] })
export class EchoController {
  @OnMessage()
  text(message: string) {
    return message;
  }

  @OnMessage()
  binary(message: Uint8Array) {
    return message;
  }
}

class Sum {
  @IsInt()
  a!: number;

  @IsInt()
  b!: number;
}

/** Answers about the connection itself, in events. */
@WebSocketPath('/rooms/:room')
export class RoomController {
  @OnMessage('handshake')
  handshake(connection: Connection, @PathParam('room') room: string, @QueryParam('color') color: string) {
    const { headers, url, httpVersion, secure, remoteAddress } = connection.handshake;
    return { room, color, url, httpVersion, secure, remoteAddress, note: headers['x-note'], host: headers.host };
  }

  @OnMessage('sum')
  sum(@MessageBody() { a, b }: Sum) {
    return a + b;
  }
}

/** A path that clients may encode in several ways. */
@WebSocketPath('/caf%C3%A9/$:dish')
export class CafeController {
  @OnMessage()
  order(words: string, @PathParam('dish') dish: string) {
    return `${words} ${dish}`;
  }
}

/** Obeys `close 4001 bye`, `flood`, `ping`, `stream` and `terminate`. A client names itself by `?name=`. */
@WebSocketPath('/told')
export class ToldController {
  constructor(private readonly seen: Seen) {}

  @OnMessage()
  async command(connection: Connection, message: string): Promise<string | undefined> {
    const [verb, ...words] = message.split(' ');
    switch (verb) {
      case 'close':
        void connection.close(Number(words[0]), words.slice(1).join(' '));
        return undefined;
      case 'terminate':
        connection.terminate();
        return undefined;
      case 'flood':
        return this.flood(connection);
      case 'ping':
        return `pong in ${typeof (await connection.ping())}`;
      case 'stream':
        await connection.sendStream(['one ', 'two ', 'three']);
        return undefined;
      default:
        this.seen.connections.set(connection.query.get('name') ?? '', connection);
        return 'noted';
    }
  }

  @OnClose()
  closed(connection: Connection, close: CloseInfo) {
    this.seen.onClose(connection.query.get('name') ?? '', close);
  }

  /** Sends until the outgoing buffer is above its mark, and waits until it is below. Returns the number of bytes sent. */
  private async flood(connection: Connection): Promise<string> {
    const chunk = Buffer.alloc(32 * 1024, 'x');
    let sent = 0;
    do sent += chunk.length;
    while (connection.send(chunk));
    await connection.drained();
    return `${sent}`;
  }
}

class BearerGuard implements Guard {
  async canActivate({ connection }: Context): Promise<boolean> {
    await Promise.resolve();
    const { authorization } = connection.handshake.headers;
    if (authorization === undefined) throw refuse(401, { headers: { 'WWW-Authenticate': 'Bearer' }, body: 'who?' });
    return authorization === 'Bearer let-me-in';
  }
}

export const COOKIES = ['seat=7; HttpOnly', 'row=2; Path=/'];

@WebSocketPath('/guarded')
@UseGuards(BearerGuard)
export class GuardedController {
  @OnUpgrade()
  async upgrade(connection: Connection, @QueryParam('full') full?: string) {
    await new Promise(setImmediate);
    if (full !== undefined) {
      return refuse(503, { headers: { 'Retry-After': '30', 'Set-Cookie': COOKIES }, body: 'full' });
    }
    connection.user = { id: 'ann' };
    return { headers: { 'X-Seat': '7', 'Set-Cookie': COOKIES } };
  }

  @OnMessage()
  who(connection: Connection, _message: string) {
    return connection.user?.id;
  }
}

export const seen = new Seen();

@Module({
  controllers: [EchoController, RoomController, CafeController, ToldController, GuardedController],
  providers: [{ token: Seen, useValue: seen }],
})
export class EveryTransportModule {}

export const SETTINGS = {
  // refusals would be logged to the console
  logger: new MemoryLogger(),
  compression: true,
  limits: { maxMessageBytes: 2 * 1024 * 1024, highWaterMarkBytes: 64 * 1024 },
  trustedProxies: ['127.0.0.1', '::1'],
} satisfies PortalOptions;
