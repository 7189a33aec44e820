import type { IncomingMessage, Server as HttpServer } from 'node:http';
import {
  constants,
  type Http2SecureServer,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from 'node:http2';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { listHasToken } from '../../handshake';
import type { ForeignServer } from './foreign-server';
import type { Deadlines } from '../../messages';
import { announceConnect } from '../upgrade/extended-connect';
import type { Upgrader } from '../upgrade/upgrader';
import type { Http1Upgrade } from '../upgrade/http1-upgrade';
import { asksForWebSocket, isExtendedConnect, type Http2Connect } from '../upgrade/http2-connect';
import type { ResolvedLimits } from '../../connection';
import { shieldUpgrades } from './shielded-upgrades';
import { isWhole, serveWithoutUpgrade } from '../upgrade/without-upgrade';

/** Dependencies of Attachment. */
export interface AttachmentContext {
  readonly upgrader: Upgrader;
  readonly http1: Http1Upgrade;
  readonly http2: Http2Connect;
  readonly deadlines: Deadlines;
  readonly limits: ResolvedLimits;
}

/**
 * A listener's part in a request that other listeners hear too: serve it; answer it, since nobody else can; wait whether others
 * answer it; or nothing.
 */
type Duty = 'serve' | 'answer' | 'wait' | 'nothing';

/** Marks the listeners of all attachments, of all applications. */
const SERVES = Symbol.for('portal-ws.serves');

interface Listener {
  (...args: never[]): void;
  [SERVES]?: (url: string) => boolean;
}

/** Serves WebSockets on one foreign server. Other paths are left to the server's other listeners. */
export class Attachment {
  /** Functions that undo the attachment. */
  private readonly steps: (() => void)[] = [];
  /** Functions that end a wait for other listeners. */
  private readonly waits = new Set<() => void>();

  constructor(
    private readonly server: ForeignServer,
    private readonly context: AttachmentContext,
  ) {
    this.listen('upgrade', this.onUpgrade);
    this.steps.push(shieldUpgrades(server, (request) => this.claimants(request as IncomingMessage)));
    if (!isHttp2(server)) return;
    this.steps.push(announceConnect(server));
    this.listen('stream', this.onStream);
    this.listen('connect', this.onConnect);
  }

  /** Leaves the server as it was before. Connections stay open. */
  end(): void {
    for (const step of this.steps.splice(0)) step();
    for (const stop of [...this.waits]) stop();
  }

  private listen(event: string, listener: Listener): void {
    listener[SERVES] = (url) => this.context.upgrader.find(url) !== undefined;
    this.server.on(event, listener as () => void);
    this.steps.push(() => this.server.off(event, listener as () => void));
  }

  /** The first of our listeners that serves the path has the request. Where none does, the first one sees to an answer. */
  private dutyOf(event: string, listener: Listener, url: string | undefined): Duty {
    const all = this.server.listeners(event) as Listener[];
    const ours = all.filter(isOurs);
    const serving = url === undefined ? undefined : ours.find((each) => each[SERVES]!(url));
    if (serving !== undefined) return serving === listener ? 'serve' : 'nothing';
    if (ours[0] !== listener) return 'nothing';
    return ours.length === all.length ? 'answer' : 'wait';
  }

  /** Our listeners, where one of them serves the request. */
  private claimants({ headers, url }: IncomingMessage): Listener[] | undefined {
    if (url === undefined || !listHasToken(headers.upgrade, 'websocket')) return undefined;
    const ours = (this.server.listeners('upgrade') as Listener[]).filter(isOurs);
    return ours.some((each) => each[SERVES]!(url)) ? ours : undefined;
  }

  private readonly onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (socket.destroyed || socket.writableEnded) return;
    const { http1 } = this.context;
    const server = this.server as HttpServer;
    const isForUs = listHasToken(request.headers.upgrade, 'websocket');
    const duty = this.dutyOf('upgrade', this.onUpgrade, isForUs ? request.url : undefined);
    if (duty === 'answer' && !isForUs && isWhole(request, server)) {
      // the client prefers HTTP/2, and accepts HTTP/1.1
      serveWithoutUpgrade(this.server, request, socket, head);
    } else if (duty === 'serve' || duty === 'answer') {
      http1.onUpgrade(request, socket, head, server);
    } else if (duty === 'wait' && socket instanceof Socket) {
      // only a socket tells whether another listener has used it
      this.wait(socket, isUntouched(socket), () => http1.onUpgrade(request, socket, head, server));
    }
  };

  private readonly onStream = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void => {
    if (!isExtendedConnect(headers) || isAnswered(stream)) return;
    const { http2 } = this.context;
    const duty = this.dutyOf('stream', this.onStream, headers[':path']);
    const serve = (): void => void http2.onStream(stream, headers);
    if (duty === 'serve') serve();
    else if (duty === 'answer') this.refuse(stream, headers);
    else if (duty === 'wait') this.wait(stream, () => !isAnswered(stream), serve);
  };

  /** Node's compatibility layer would answer a CONNECT itself if nobody listened for it. */
  private readonly onConnect = (
    request: Http2ServerRequest | IncomingMessage,
    response: Http2ServerResponse | Duplex,
  ): void => {
    const { headers } = request;
    const isExtended = isExtendedConnect(headers);
    if (this.dutyOf('connect', this.onConnect, isExtended ? (headers[':path'] as string) : undefined) !== 'answer')
      return;
    if (!('stream' in request)) (response as Duplex).destroy();
    else if (isAnswered(request.stream)) return;
    else if (isExtended) this.refuse(request.stream, headers);
    else (response as Http2ServerResponse).writeHead(constants.HTTP_STATUS_METHOD_NOT_ALLOWED).end();
  };

  /** Refuses a request that nobody serves over HTTP/2. Where others take upgrades, the client is told to use HTTP/1.1. */
  private refuse(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const isElsewhere = asksForWebSocket(headers) && !this.server.listeners('upgrade').every(isOurs);
    if (!isElsewhere) {
      this.context.http2.onStream(stream, headers);
      return;
    }
    stream.on('error', ignore);
    stream.close(constants.NGHTTP2_HTTP_1_1_REQUIRED);
  }

  /** Answers a request that no other listener has answered in time, so that no client waits for ever. */
  private wait(stream: Duplex, isUnanswered: () => boolean, answer: () => void): void {
    const { deadlines, limits } = this.context;
    const stop = (): void => {
      cancel();
      stream.off('close', stop);
      this.waits.delete(stop);
    };
    const cancel = deadlines.set(limits.handshakeTimeoutMs, () => {
      stop();
      if (isUnanswered()) answer();
    });
    stream.on('error', ignore);
    stream.on('close', stop);
    this.waits.add(stop);
  }
}

function isOurs(listener: object): boolean {
  return (listener as Listener)[SERVES] !== undefined;
}

function isHttp2(server: ForeignServer): server is Http2Server | Http2SecureServer {
  return 'updateSettings' in server;
}

function isAnswered(stream: ServerHttp2Stream): boolean {
  return stream.headersSent || stream.closed || stream.destroyed;
}

/** A later call returns true where nobody has written to the socket or listened to it since. */
function isUntouched(socket: Socket): () => boolean {
  const { bytesWritten } = socket;
  return () =>
    socket.writable &&
    socket.bytesWritten === bytesWritten &&
    socket.listenerCount('data') === 0 &&
    socket.listenerCount('readable') === 0;
}

function ignore(): void {}
