import { lstat, rm } from 'node:fs/promises';
import { connect, type AddressInfo } from 'node:net';
import { ListenError, type Exact } from './places';
import { canReusePort, type PortOptions } from './reuse-port';
import type { OwnServer } from './servers';

/** The part of OwnServer that the listener calls. */
type ListeningServer = Pick<OwnServer, 'front' | 'drain' | 'close' | 'terminate' | 'updateTls'>;

type Create = () => ListeningServer;

const LOOPBACK = ['127.0.0.1', '::1'];
const ABSENT = new Set(['EADDRNOTAVAIL', 'EAFNOSUPPORT', 'EINVAL']);
const FREE_PORT_TRIES = 10;

/** The longest path of a Unix socket (unix(7)). Node 20 cuts off the rest. */
const MAX_PATH_BYTES = process.platform === 'linux' ? 107 : 103;

/** The servers of one engine, on ports of one or more addresses, and on Unix sockets. */
export class Listener<Settings = void> {
  private servers: ListeningServer[] = [];
  private readonly opening = new Set<Promise<unknown>>();
  private closing = false;

  /** Calls `failed` when a server fails to accept a connection. */
  constructor(
    private readonly createServer: (settings: Settings) => ListeningServer,
    private readonly failed: (error: Error) => void,
  ) {}

  get listening(): boolean {
    return this.servers.length > 0;
  }

  get open(): readonly ListeningServer[] {
    return this.servers;
  }

  /**
   * Listens at all places, or at none. Resolves with the ports; `undefined` for a Unix socket.
   * @throws ListenError with advice
   */
  async listen(places: readonly Exact[], settings: Settings): Promise<(number | undefined)[]> {
    const opening = this.openAll(places, () => this.createServer(settings));
    this.opening.add(opening);
    try {
      return await opening;
    } finally {
      this.opening.delete(opening);
    }
  }

  /** Tells clients that can connect elsewhere to do so. */
  drain(): void {
    for (const server of this.servers) server.drain();
  }

  /** Takes no more connections. Resolves when all connections have ended. */
  async close(): Promise<void> {
    this.closing = true;
    await Promise.all([closeAll(this.servers), Promise.allSettled(this.opening)]);
    this.servers = [];
    this.closing = false;
  }

  /** Destroys the remaining connections. */
  terminate(): void {
    for (const server of this.servers) server.terminate();
  }

  private async openAll(places: readonly Exact[], create: Create): Promise<(number | undefined)[]> {
    const opened: ListeningServer[] = [];
    const ports: (number | undefined)[] = [];
    try {
      for (const place of places) {
        const servers = await this.openAt(place, create);
        opened.push(...servers);
        ports.push(portOf(servers[0]!));
      }
      if (this.closing) throw new ListenError('the server was closed before it listened');
    } catch (error) {
      await withdraw(opened);
      throw error;
    }
    this.servers.push(...opened);
    return ports;
  }

  private async openAt(place: Exact, create: Create): Promise<ListeningServer[]> {
    if ('socketPath' in place) return [await this.openSocket(place.socketPath, create)];
    const { port, host, reusePort = false } = place;
    if (host !== 'localhost') return [await this.openOne({ port, host, reusePort }, create)];
    for (let tries = 1; ; tries++) {
      try {
        return await this.openLoopback(port, reusePort, create);
      } catch (error) {
        // a port that is free on one address may be taken on the other
        if (port !== 0 || tries === FREE_PORT_TRIES) throw error;
      }
    }
  }

  /** Listens on one port of both loopback addresses, where the machine has both. */
  private async openLoopback(port: number, reusePort: boolean, create: Create): Promise<ListeningServer[]> {
    const opened: ListeningServer[] = [];
    let absent: unknown;
    for (const host of LOOPBACK) {
      try {
        const taken = opened[0] && portOf(opened[0]);
        opened.push(await this.openOne({ port: taken ?? port, host, reusePort }, create));
      } catch (error) {
        absent = error;
        if (ABSENT.has(codeOf((error as Error).cause))) continue;
        await withdraw(opened);
        throw error;
      }
    }
    if (opened.length === 0) throw absent;
    return opened;
  }

  private async openSocket(path: string, create: Create): Promise<ListeningServer> {
    const bytes = Buffer.byteLength(path);
    if (bytes > MAX_PATH_BYTES) {
      throw new ListenError(
        `the path of the socket ${path} has ${bytes} bytes, and there is room for ${MAX_PATH_BYTES}`,
      );
    }
    try {
      return await this.openOne({ path }, create);
    } catch (error) {
      const { cause } = error as Error;
      if (codeOf(cause) !== 'EADDRINUSE') throw error;
      const occupant = await occupantOf(path);
      if (occupant === 'a file') {
        throw new ListenError(
          `the socket ${path} cannot be made: there is a file of that name already; set another \`socketPath\``,
          { cause },
        );
      }
      if (occupant === 'somebody') throw error;
    }
    try {
      await rm(path, { force: true });
    } catch (error) {
      throw explain(error as NodeJS.ErrnoException, { path });
    }
    return this.openOne({ path }, create);
  }

  private async openOne(at: PortOptions, create: Create): Promise<ListeningServer> {
    if (at.reusePort && !(await canReusePort(at.host!))) {
      const { version, platform } = process;
      throw new ListenError(
        `\`reusePort\` needs Node 22.12 or 23.1, and a system such as Linux: Node ${version} on ${platform} cannot do it`,
      );
    }
    const server = create();
    try {
      await listen(server, at);
    } catch (error) {
      await withdraw([server]);
      throw explain(error as NodeJS.ErrnoException, at);
    }
    server.front.on('error', this.failed);
    return server;
  }
}

function listen({ front }: ListeningServer, at: PortOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    front.once('error', reject);
    front.listen(at, () => {
      front.off('error', reject);
      resolve();
    });
  });
}

function portOf({ front }: ListeningServer): number | undefined {
  const address = front.address() as AddressInfo | string;
  return typeof address === 'string' ? undefined : address.port;
}

async function closeAll(servers: readonly ListeningServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.close()));
}

/** Closes servers that have no connections yet. */
async function withdraw(servers: readonly ListeningServer[]): Promise<void> {
  const closed = closeAll(servers);
  for (const server of servers) server.terminate();
  await closed;
}

/** The occupant of a path that is taken. A killed process leaves a socket behind, at which nobody listens or can listen again. */
async function occupantOf(path: string): Promise<'somebody' | 'nobody' | 'a file'> {
  const before = await lstat(path).catch(() => undefined);
  if (before?.isSocket() === false) return 'a file';
  if (before === undefined || (await codeOfConnecting(path)) !== 'ECONNREFUSED') return 'somebody';
  const after = await lstat(path).catch(() => undefined);
  // somebody else may have replaced it meanwhile
  return after?.ino === before.ino && after.ctimeMs === before.ctimeMs ? 'nobody' : 'somebody';
}

function codeOfConnecting(path: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect({ path }, () => {
      socket.destroy();
      resolve('');
    });
    socket.on('error', (error) => resolve(codeOf(error)));
  });
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? '';
}

function explain(error: NodeJS.ErrnoException, { port, host, path, reusePort }: PortOptions): ListenError {
  const where = path === undefined ? `port ${port} on ${host}` : `the socket ${path}`;
  const because = (advice: string): ListenError => new ListenError(`${where} ${advice}`, { cause: error });
  if (error.code === 'EADDRINUSE') {
    if (path !== undefined)
      return because('is already in use: stop the program that listens there, or set another `socketPath`');
    if (reusePort) return because('is already in use by a program without `reusePort`, or of another user');
    return because('is already in use: stop the program that uses it, or set another `port` (0 takes a free one)');
  }
  if (error.code === 'EACCES') {
    // libuv says so too where there is no such directory
    if (path !== undefined)
      return because('cannot be made: its directory is missing, or this process may not write there');
    return because('may not be used by this process: ports below 1024 need a privilege; set another `port`');
  }
  if (path !== undefined) return new ListenError(`cannot listen on ${where}: ${error.message}`, { cause: error });
  return new ListenError(`cannot listen on port ${port} of ${host}: ${error.message}`, { cause: error });
}
