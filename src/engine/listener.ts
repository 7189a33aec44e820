import type { AddressInfo, ListenOptions } from 'node:net';
import type { OwnServer } from './servers';

/** What the listener does with a server. */
type ListeningServer = Pick<OwnServer, 'front' | 'drain' | 'close' | 'terminate' | 'updateTls'>;

/** Where to listen. */
export interface Place {
  /** 0 takes a free one. */
  port?: number;
  /** `localhost` is 127.0.0.1 and ::1, where the machine has both. */
  host?: string;
  /** A Unix socket, in place of a port. */
  socketPath?: string;
}

/** `localhost` is both of them, where the machine has both. */
const LOOPBACK = ['127.0.0.1', '::1'];
const ABSENT = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);
const FREE_PORT_TRIES = 10;

/** The port is taken, or may not be used. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** The servers of one engine, on ports of one or more addresses, and on Unix sockets. */
export class Listener {
  private servers: ListeningServer[] = [];

  constructor(private readonly createServer: () => ListeningServer) {}

  get listening(): boolean {
    return this.servers.length > 0;
  }

  get open(): readonly ListeningServer[] {
    return this.servers;
  }

  /** Resolves with the port; undefined for a Unix socket. @throws ListenError with what to do about it */
  async listen(port: number, host: string, socketPath?: string): Promise<number | undefined> {
    if (socketPath !== undefined) {
      await this.openAt([{ path: socketPath }]);
      return undefined;
    }
    if (host !== 'localhost') return this.openAt([{ port, host }]);
    for (let tries = 1; ; tries++) {
      try {
        return await this.openAt(LOOPBACK.map((address) => ({ port, host: address })));
      } catch (error) {
        // a port that is free on one address may be taken on the other
        if (port !== 0 || tries === FREE_PORT_TRIES) throw error;
      }
    }
  }

  /** Says to those that may come by another way that they had better. */
  drain(): void {
    for (const server of this.servers) server.drain();
  }

  /** Takes no more connections. Resolves when those that there are have gone. */
  async close(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.close()));
    this.servers = [];
  }

  /** Cuts the connections that are left. */
  terminate(): void {
    for (const server of this.servers) server.terminate();
  }

  private async openAt(places: readonly ListenOptions[]): Promise<number | undefined> {
    let port = places[0]!.port;
    let absent: NodeJS.ErrnoException | undefined;
    const opened: ListeningServer[] = [];
    for (const place of places) {
      const server = this.createServer();
      const at = place.path === undefined ? { ...place, port: port! } : place;
      try {
        await listen(server, at);
      } catch (cause) {
        const error = cause as NodeJS.ErrnoException;
        if (places.length > 1 && ABSENT.has(error.code ?? '')) {
          absent = error;
          continue;
        }
        await Promise.all(opened.map((other) => other.close()));
        throw explain(error, at);
      }
      opened.push(server);
      const address = server.front.address() as AddressInfo | string;
      if (typeof address !== 'string') port = address.port;
    }
    if (opened.length === 0) throw explain(absent!, { ...places[0], host: LOOPBACK.join(' and ') });
    this.servers.push(...opened);
    return port;
  }
}

function listen({ front }: ListeningServer, place: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    front.once('error', reject);
    front.listen(place, () => {
      front.off('error', reject);
      resolve();
    });
  });
}

function explain(error: NodeJS.ErrnoException, { port, host, path }: ListenOptions): ListenError {
  const where = path === undefined ? `port ${port} on ${host}` : `the socket ${path}`;
  const because = (advice: string): ListenError => new ListenError(`${where} ${advice}`, { cause: error });
  if (error.code === 'EADDRINUSE') {
    if (path !== undefined) return because('is there already: stop the program that uses it, or remove the file');
    return because('is already in use: stop the program that uses it, or set another `port` (0 takes a free one)');
  }
  if (error.code === 'EACCES') {
    const advice =
      path === undefined ? 'ports below 1024 need a privilege; set another `port`' : 'set another `socketPath`';
    return because(`may not be used by this process: ${advice}`);
  }
  if (path !== undefined) return new ListenError(`cannot listen on ${where}: ${error.message}`, { cause: error });
  return new ListenError(`cannot listen on port ${port} of ${host}: ${error.message}`, { cause: error });
}
