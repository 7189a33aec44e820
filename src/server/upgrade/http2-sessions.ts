import type { Http2Server, ServerHttp2Session, ServerOptions } from 'node:http2';
import type { Socket } from 'node:net';
import type { Deadlines } from '../../messages';
import type { ResolvedLimits } from '../../connection';

/**
 * WebSockets of one connection. RFC 9113 6.5.2 recommends at least 100 for requests, which come and go. WebSockets stay, and a proxy
 * brings those of many clients; so it is more, and still a bound for what one TCP connection can ask for.
 */
export const MAX_STREAMS = 1_000;

/** What a connection may send before it hears that it was read: its streams share it, and each has 64 KiB of its own. */
const CONNECTION_WINDOW_BYTES = 1024 * 1024;

/** Node's own, in megabytes: room for all but what streams have to send. */
const SESSION_MEGABYTES = 10;

/** What Node's HTTP/2 servers are made with. */
export function http2Options({ maxBufferedBytes, maxHeaderBytes }: ResolvedLimits): ServerOptions {
  const outgoing = Math.ceil((MAX_STREAMS * maxBufferedBytes) / 1e6);
  return {
    settings: { enableConnectProtocol: true, maxHeaderListSize: maxHeaderBytes, maxConcurrentStreams: MAX_STREAMS },
    // above it Node refuses new streams, and then the connection; what waits is bounded for each stream already
    maxSessionMemory: SESSION_MEGABYTES + outgoing,
  };
}

/** The HTTP/2 connections of a server of our own: told to go when it stops, and when they carry nothing for too long. */
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

  /** GOAWAY: no new streams; each goes when its last stream has. */
  close(): void {
    this.closing = true;
    for (const session of this.open) session.close();
  }

  private add(session: ServerHttp2Session, socket: Socket): void {
    const { handshakeTimeoutMs, closeTimeoutMs } = this.limits;
    this.open.add(session);
    // whoever ends its side has gone
    socket.allowHalfOpen = false;
    session.setLocalWindowSize(CONNECTION_WINDOW_BYTES);
    let cancel: () => void;
    const leave = (): void => {
      session.close();
      // Node waits for the client to hang up
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
