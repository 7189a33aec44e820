import { createServer as createHttp, type Server as HttpServer, type ServerOptions } from 'node:http';
import { createSecureServer, createServer as createHttp2, type Http2Server } from 'node:http2';
import { createServer as createHttps } from 'node:https';
import { createServer as createTcp, type Server as TcpServer, type Socket } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import { readProxyHeader } from '../handshake';
import type { Deadlines } from './deadlines';
import { readFirstBytes, type FirstBytes } from './first-bytes';
import type { Http1Door } from './http1-door';
import { Http2Sessions, type AnyHttp2Server, type Http2Door } from './http2-door';
import type { ResolvedLimits } from './limits';
import type { Peers } from './peers';
import type { Tls } from './tls';

/** What servers are made with. */
export interface ServerContext {
  readonly limits: ResolvedLimits;
  readonly deadlines: Deadlines;
  readonly http1: Http1Door;
  readonly http2: Http2Door;
  readonly peers: Peers;
}

export interface ServerSettings {
  /** Undefined: not encrypted. */
  readonly tls: Tls | undefined;
  /** HTTP/2 beside HTTP/1.1: by ALPN over TLS, by its first bytes otherwise. */
  readonly http2: boolean;
  /** Each connection begins with a header of the PROXY protocol. */
  readonly proxyProtocol: boolean;
}

/** How often Node looks for handshakes that take too long. */
const CHECK_EVERY_MS = 1_000;

/** The first bytes of HTTP/2 without TLS (RFC 9113 3.4), as far as no HTTP/1.1 request begins so. */
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0', 'latin1');

/** A server of our own for one address, whatever is spoken there, with all that hangs on it. */
export class OwnServer {
  /** The one that listens. */
  readonly front: TcpServer;
  /** The one that speaks TLS, if any does. */
  private secure: TlsServer | undefined;
  private readonly sessions: Http2Sessions;
  private readonly sockets = new Set<Socket>();
  private http: HttpServer | undefined;

  constructor(
    private readonly context: ServerContext,
    private readonly settings: ServerSettings,
  ) {
    this.sessions = new Http2Sessions(context.limits.handshakeTimeoutMs);
    const inner = settings.tls === undefined ? this.plain() : this.encrypted(settings.tls);
    this.front = settings.proxyProtocol ? this.behindProxy(inner) : inner;
    if (this.front !== this.http) this.front.on('connection', (socket: Socket) => this.track(socket));
  }

  /** Takes no more connections. Resolves when those that there are have gone. */
  close(): Promise<void> {
    const closed = new Promise<void>((resolve) => this.front.close(() => resolve()));
    this.sessions.close();
    return closed;
  }

  /** Cuts the connections that are left. */
  terminate(): void {
    this.http?.closeAllConnections();
    this.sessions.terminate();
    for (const socket of this.sockets) socket.destroy();
  }

  /** For connections that come later. */
  updateTls(tls: Tls): void {
    this.secure?.setSecureContext(tls.options);
  }

  private get httpOptions(): ServerOptions {
    const { handshakeTimeoutMs, maxHeaderBytes } = this.context.limits;
    return {
      headersTimeout: handshakeTimeoutMs,
      maxHeaderSize: maxHeaderBytes,
      connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, handshakeTimeoutMs),
      noDelay: true,
    };
  }

  private get http2Settings() {
    return { enableConnectProtocol: true, maxHeaderListSize: this.context.limits.maxHeaderBytes };
  }

  private plain(): TcpServer {
    const http1 = createHttp(this.httpOptions);
    this.context.http1.open(http1);
    this.http = http1;
    if (!this.settings.http2) return http1;
    const http2 = createHttp2({ settings: this.http2Settings });
    this.open(http2);
    return createTcp({ noDelay: true }, (socket) =>
      this.readFirst(socket, (bytes) => {
        const isHttp2 = bytes.subarray(0, HTTP2_PREFACE.length).equals(HTTP2_PREFACE.subarray(0, bytes.length));
        if (isHttp2 && bytes.length < HTTP2_PREFACE.length) return 'more';
        return { taken: 0, next: emitTo(isHttp2 ? http2 : http1) };
      }),
    );
  }

  private encrypted(tls: Tls): TcpServer {
    const { handshakeTimeoutMs } = this.context.limits;
    const options = { ...tls.options, handshakeTimeout: handshakeTimeoutMs, ...this.httpOptions };
    if (!this.settings.http2) {
      const https = createHttps(options);
      this.context.http1.open(https);
      this.secure = https;
      return https;
    }
    const http2 = createSecureServer({ ...options, allowHTTP1: true, settings: this.http2Settings });
    this.context.http1.open(http2 as unknown as HttpServer);
    this.open(http2);
    this.secure = http2;
    return http2;
  }

  private open(server: AnyHttp2Server): void {
    this.sessions.watch(server);
    this.context.http2.open(server);
  }

  private behindProxy(inner: TcpServer): TcpServer {
    return createTcp({ noDelay: true }, (socket) =>
      this.readFirst(socket, (bytes) => {
        const header = readProxyHeader(bytes);
        if (typeof header === 'string') return header;
        if (header.address !== undefined) this.context.peers.announce(socket, header.address);
        return { taken: header.length, next: emitTo(inner) };
      }),
    );
  }

  private readFirst(socket: Socket, judge: (bytes: Buffer) => FirstBytes): void {
    readFirstBytes(socket, judge, this.context.deadlines, this.context.limits.handshakeTimeoutMs);
  }

  private track(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
  }
}

/** Node's servers document that a `connection` event may bring a socket that they did not accept themselves. */
function emitTo(server: TcpServer | Http2Server): (socket: Socket) => void {
  return (socket) => void server.emit('connection', socket);
}
