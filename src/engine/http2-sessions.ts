import type { Http2Server, ServerHttp2Session } from 'node:http2';
import type { Deadlines } from './deadlines';

/** The HTTP/2 connections of a server of our own: told to go when it stops, and when they carry nothing for too long. */
export class Http2Sessions {
  private readonly open = new Set<ServerHttp2Session>();
  private closing = false;

  /** `idleMs`: how long one may stay open without a stream. */
  constructor(
    private readonly deadlines: Deadlines,
    private readonly idleMs: number,
  ) {}

  watch(server: Http2Server): void {
    server.on('session', (session) => this.add(session));
  }

  /** GOAWAY: no new streams; each goes when its last stream has. */
  close(): void {
    this.closing = true;
    for (const session of this.open) session.close();
  }

  terminate(): void {
    for (const session of this.open) session.destroy();
  }

  private add(session: ServerHttp2Session): void {
    this.open.add(session);
    const awaitStream = (): (() => void) => this.deadlines.set(this.idleMs, () => session.close());
    let streams = 0;
    let cancel = awaitStream();
    session.on('stream', (stream) => {
      if (streams++ === 0) cancel();
      stream.on('close', () => {
        if (--streams === 0 && !session.destroyed) cancel = awaitStream();
      });
    });
    session.on('error', ignore);
    session.on('close', () => {
      cancel();
      this.open.delete(session);
    });
    if (this.closing) session.close();
  }
}

function ignore(): void {}
