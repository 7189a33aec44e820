import { createServer as createHttp1, type Server as Http1Server } from 'node:http';
import { createServer as createHttp2, type Http2Server } from 'node:http2';
import { createServer as createTcp, Server as TcpServer, type Socket } from 'node:net';
import { createServer as createTls, type Server as TlsServer, type TLSSocket } from 'node:tls';
import { readProxyHeader } from '../handshake';
import type { Deadlines } from '../messages';
import { readFirstBytes, type FirstBytes } from './upgrade/first-bytes';
import type { Http1Upgrade } from './upgrade/http1-upgrade';
import type { Http2Connect } from './upgrade/http2-connect';
import { http2Options, Http2Sessions } from './upgrade/http2-sessions';
import type { ResolvedLimits } from '../connection';
import type { ClientAddresses } from './upgrade/client-addresses';
import type { Tls } from './tls';

/** Dependencies of OwnServer. */
export interface ServerContext {
  readonly limits: ResolvedLimits;
  readonly deadlines: Deadlines;
  readonly http1: Http1Upgrade;
  readonly http2: Http2Connect;
  readonly addresses: ClientAddresses;
}

export interface ServerSettings {
  /** `undefined`: not encrypted. */
  readonly tls: Tls | undefined;
  /** HTTP/2 beside HTTP/1.1: by ALPN over TLS, by its first bytes otherwise. */
  readonly http2: boolean;
  /** Each connection begins with a header of the PROXY protocol. */
  readonly proxyProtocol: boolean;
  /** Other processes may listen on the same port. */
  readonly sharesPort: boolean;
}

/** The interval at which Node looks for slow handshakes. */
const CHECK_EVERY_MS = 1_000;

/** Node's default, for a request with its body. */
const REQUEST_TIMEOUT_MS = 300_000;

/** The first bytes of HTTP/2 without TLS (RFC 9113 3.4), as far as no HTTP/1.1 request begins so. */
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0', 'latin1');

/** The options of Node's HTTP server, which handles half-open connections itself. */
const SOCKET_OPTIONS = { noDelay: true, allowHalfOpen: true };

/**
 * A server for one address. A connection goes through the layers in the settings (PROXY header, TLS) to one of Node's servers
 * for HTTP/1.1 and HTTP/2.
 */
export class OwnServer {
  /** The server that listens. */
  readonly front: TcpServer;
  private readonly http1: Http1Server;
  private readonly http2: Http2Server | undefined;
  private readonly secure: TlsServer | undefined;
  private readonly sessions: Http2Sessions;
  private readonly sharesPort: boolean;
  private readonly sockets = new Set<Socket>();
  private closed: Promise<void> | undefined;

  constructor(
    private readonly context: ServerContext,
    { tls, http2, proxyProtocol, sharesPort }: ServerSettings,
  ) {
    this.sharesPort = sharesPort;
    this.sessions = new Http2Sessions(context.deadlines, context.limits);
    this.http1 = this.createHttp1();
    this.http2 = http2 ? this.createHttp2() : undefined;
    this.secure = tls && this.createTls(tls);
    if (proxyProtocol) this.front = this.createFront(readPastProxyHeader(context.addresses, this.afterProxy));
    else if (this.secure !== undefined) this.front = this.secure;
    else this.front = http2 ? this.createFront(this.byFirstBytes) : this.http1;
    if (this.front === this.http1) return;
    this.front.on('connection', (socket: Socket) => this.track(socket));
    // an HTTP server looks for slow requests once it listens, which this one does not
    this.http1.emit('listening');
  }

  /**
   * Tells HTTP/2 clients to leave. The server goes on listening, and refuses handshakes; a port that other processes share is
   * left to them.
   */
  drain(): void {
    this.sessions.close();
    if (this.sharesPort) void this.stopListening();
  }

  /** Takes no more connections. Resolves when all connections have ended. */
  close(): Promise<void> {
    this.sessions.close();
    return this.stopListening();
  }

  /** Destroys the remaining connections. */
  terminate(): void {
    // ends the search for slow requests
    this.http1.close();
    this.http1.closeAllConnections();
    for (const socket of this.sockets) socket.destroy();
  }

  /** Uses the new keys and certificates for later connections. */
  updateTls(tls: Tls): void {
    this.secure?.setSecureContext(tls.options);
  }

  private createHttp1(): Http1Server {
    const { handshakeTimeoutMs, maxHeaderBytes } = this.context.limits;
    const server = createHttp1({
      headersTimeout: handshakeTimeoutMs,
      // Node takes no shorter one
      requestTimeout: Math.max(REQUEST_TIMEOUT_MS, handshakeTimeoutMs),
      maxHeaderSize: maxHeaderBytes,
      connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, handshakeTimeoutMs),
      noDelay: true,
    });
    this.context.http1.open(server);
    return server;
  }

  private createHttp2(): Http2Server {
    const server = createHttp2(http2Options(this.context.limits));
    this.sessions.watch(server);
    this.context.http2.open(server);
    return server;
  }

  private createTls(tls: Tls): TlsServer {
    const ALPNProtocols = this.http2 === undefined ? ['http/1.1'] : ['h2', 'http/1.1'];
    const handshakeTimeout = this.context.limits.handshakeTimeoutMs;
    // with half-open sockets, nobody would notice a client that leaves during the handshake
    const options = { ...tls.options, noDelay: true, allowHalfOpen: false, ALPNProtocols, handshakeTimeout };
    const server = createTls(options, (socket: TLSSocket) => {
      handTo(socket.alpnProtocol === 'h2' ? this.http2! : this.http1)(socket);
    });
    // Node leaves the connection open after a handshake that timed out
    return server.on('tlsClientError', (_error, socket) => void socket.destroy());
  }

  private createFront(judge: (bytes: Buffer, socket: Socket) => FirstBytes): TcpServer {
    const { deadlines, limits } = this.context;
    return createTcp(SOCKET_OPTIONS, (socket) => {
      readFirstBytes(socket, (bytes) => judge(bytes, socket), deadlines, limits.handshakeTimeoutMs);
    });
  }

  private readonly afterProxy = (socket: Socket): void => {
    const { deadlines, limits } = this.context;
    if (this.secure !== undefined) {
      socket.allowHalfOpen = false;
      handTo(this.secure)(socket);
    } else readFirstBytes(socket, this.byFirstBytes, deadlines, limits.handshakeTimeoutMs);
  };

  private readonly byFirstBytes = (bytes: Buffer): FirstBytes => {
    if (this.http2 === undefined) return { taken: 0, next: handTo(this.http1) };
    const isHttp2 = bytes.subarray(0, HTTP2_PREFACE.length).equals(HTTP2_PREFACE.subarray(0, bytes.length));
    if (isHttp2 && bytes.length < HTTP2_PREFACE.length) return 'more';
    return { taken: 0, next: handTo(isHttp2 ? this.http2 : this.http1) };
  };

  private stopListening(): Promise<void> {
    // `close` of Node's HTTP server would cut answers whose last bytes have not left
    return (this.closed ??= new Promise((resolve) => TcpServer.prototype.close.call(this.front, () => resolve())));
  }

  private track(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket));
  }
}

function readPastProxyHeader(addresses: ClientAddresses, next: (socket: Socket) => void) {
  return (bytes: Buffer, socket: Socket): FirstBytes => {
    const header = readProxyHeader(bytes);
    if (typeof header === 'string') return header;
    if (header.address !== undefined) addresses.announce(socket, header.address);
    return { taken: header.length, next };
  };
}

/** Node's documentation allows to emit `connection` with a socket that the server did not accept itself. */
function handTo(server: TcpServer | Http2Server): (socket: Socket) => void {
  return (socket) => void server.emit('connection', socket);
}
