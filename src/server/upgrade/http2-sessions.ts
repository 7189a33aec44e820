import type { Http2Server, ServerHttp2Session, ServerOptions } from 'node:http2';
import type { Socket } from 'node:net';
import type { Deadlines } from '../../messages';
import type { ResolvedLimits } from '../../connection';

/**
 * The most WebSockets on one HTTP/2 connection. RFC 9113 6.5.2 recommends at least 100 streams; WebSockets stay open, and a
 * proxy brings those of many clients.
 */
export const MAX_STREAMS = 1_000;

/** The flow-control window of a connection, which its streams share; each stream has 64 KiB of its own. */
const CONNECTION_WINDOW_BYTES = 1024 * 1024;

/** Node's default in megabytes: room for everything except outgoing bytes of streams. */
const SESSION_MEGABYTES = 10;

/** The options of Node's HTTP/2 servers. */
export function http2Options({ maxBufferedBytes, maxHeaderBytes }: ResolvedLimits): ServerOptions {
  const outgoing = Math.ceil((MAX_STREAMS * maxBufferedBytes) / 1e6);
  return {
    settings: { enableConnectProtocol: true, maxHeaderListSize: maxHeaderBytes, maxConcurrentStreams: MAX_STREAMS },
    // beyond it Node refuses new streams, then the connection; our own limits bound the waiting bytes of each stream
    maxSessionMemory: SESSION_MEGABYTES + outgoing,
  };
}

/** The HTTP/2 connections of one of our servers. A connection ends when the server stops, or without streams for too long. */
export class Http2Sessions {
  private readonly open = new Set<ServerHttp2Session>();
  private closing = false;

  constructor(
    private readonly deadlines: Deadlines,
    private readonly limits: ResolvedLimits,
  ) {}

  watch(server: Http2Server): void {
    // before Node's own listener, which creates the session at once and hides the socket behind a proxy
    server.prependListener('connection', (socket: Socket) => {
      server.once('session', (session) => this.add(session, socket));
    });
  }

  /** Sends GOAWAY: connections take no new streams, and end with their last stream. */
  close(): void {
    this.closing = true;
    for (const session of this.open) session.close();
  }

  private add(session: ServerHttp2Session, socket: Socket): void {
    const { handshakeTimeoutMs, closeTimeoutMs } = this.limits;
    this.open.add(session);
    // a client that ends its side has gone
    socket.allowHalfOpen = false;
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    let cancel: () => void;
    const leave = (): void => {
      session.close();
      // Node waits until the client closes
      cancel = this.deadlines.set(closeTimeoutMs, () => socket.destroy());
    };
    const awaitStream = (): void => void (cancel = this.deadlines.set(handshakeTimeoutMs, leave));
    let streams = 0;
    awaitStream();
    session.on('stream', (stream) => {
      if (streams++ === 0) cancel();
      stream.on('close', () => {
        if (--streams === 0 && !session.destroyed) awaitStream();
      });
    });
    session.on('close', () => {
      cancel();
      this.open.delete(session);
    });
    if (this.closing) session.close();
  }
}
