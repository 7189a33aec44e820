import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AddressInfo } from 'node:net';

/** `localhost` is both of them, where the machine has both. */
const LOOPBACK = ['127.0.0.1', '::1'];
const ABSENT = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);
const FREE_PORT_TRIES = 10;

/** The port is taken, or may not be used. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

/** The HTTP servers of one engine, on one port of one or two addresses. */
export class Listener {
  private servers: Server[] = [];
  /** Serves streams that came through no port. */
  private portless: Server | undefined;

  constructor(private readonly createServer: () => Server) {}

  get listening(): boolean {
    return this.servers.length > 0;
  }

  /** Resolves with the port. @throws ListenError with what to do about it */
  async listen(port: number, host: string): Promise<number> {
    if (host !== 'localhost') return this.open([host], port);
    for (let tries = 1; ; tries++) {
      try {
        return await this.open(LOOPBACK, port);
      } catch (error) {
        // a port that is free on one address may be taken on the other
        if (port !== 0 || tries === FREE_PORT_TRIES) throw error;
      }
    }
  }

  /** Serves one client over a stream (Node's HTTP server documents that a `connection` event may bring one). */
  serve(stream: Duplex): void {
    this.portless ??= this.createServer();
    this.portless.emit('connection', stream);
  }

  /** Takes no more connections. Resolves when those that there are have gone. */
  async close(): Promise<void> {
    const closing = this.servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve())));
    await Promise.all(closing);
    this.servers = [];
  }

  /** Cuts the plain HTTP connections that are left. */
  terminate(): void {
    for (const server of this.servers) server.closeAllConnections();
    this.portless?.closeAllConnections();
  }

  private async open(hosts: readonly string[], wanted: number): Promise<number> {
    let port = wanted;
    let absent: NodeJS.ErrnoException | undefined;
    for (const host of hosts) {
      const server = this.createServer();
      try {
        await listen(server, port, host);
      } catch (cause) {
        const error = cause as NodeJS.ErrnoException;
        if (hosts.length > 1 && ABSENT.has(error.code ?? '')) {
          absent = error;
          continue;
        }
        await this.close();
        throw explain(error, port, host);
      }
      this.servers.push(server);
      port = (server.address() as AddressInfo).port;
    }
    if (this.servers.length === 0) throw explain(absent!, wanted, hosts.join(' and '));
    return port;
  }
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ port, host }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

function explain(error: NodeJS.ErrnoException, port: number, host: string): ListenError {
  if (error.code === 'EADDRINUSE') {
    const advice = 'stop the program that uses it, or set another `port` (0 takes a free one)';
    return new ListenError(`port ${port} on ${host} is already in use: ${advice}`, { cause: error });
  }
  if (error.code === 'EACCES') {
    const advice = 'ports below 1024 need a privilege; set another `port`';
    return new ListenError(`port ${port} on ${host} may not be used by this process: ${advice}`, { cause: error });
  }
  return new ListenError(`cannot listen on port ${port} of ${host}: ${error.message}`, { cause: error });
}
