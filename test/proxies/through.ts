import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { bootstrap, type Application, type PortalOptions } from '../../src';
import { EveryTransportModule, SETTINGS } from '../every-transport/application';
import { MemoryLogger } from '../support/app';
import { CA, LOCALHOST } from '../support/certificates';
import { text } from '../support/frames';
import { RawClient } from '../support/raw-client';
import { HAPROXY, startHaproxy, startTcpHaproxy } from './haproxy';
import { NGINX, startNginx } from './nginx';
import type { Running } from './program';

export type Changes = Readonly<Record<string, string>>;
export type Proxy = Running & { readonly port: number; readonly tlsPort: number };

/** A proxy of the guide, with the application's options for it. */
export interface Way {
  readonly binary: string;
  start(upstream: string, changes?: Changes): Promise<Proxy>;
  /** The proxy's notation for a Unix socket; without it the proxy connects to a port. */
  readonly unix?: (path: string) => string;
  /** True where clients use TLS. */
  readonly tls: boolean;
  /** Options of the application behind this proxy. */
  readonly options: PortalOptions;
  /** The process that clients are connected to. */
  serving(proxy: Proxy): number;
}

const own = ({ child }: Proxy): number => child.pid!;

/** nginx's one worker, which its master starts again. */
function worker({ child }: Proxy): number {
  return Number(readFileSync(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').trim().split(' ').at(-1));
}

const v1 = { 'send-proxy-v2': 'send-proxy' };

const nginx = { binary: NGINX, start: startNginx, options: {}, serving: worker };
const haproxy = { binary: HAPROXY, start: startHaproxy, options: {}, serving: own };
const tcpHaproxy = { ...haproxy, start: startTcpHaproxy };

export const WAYS: Readonly<Record<string, Way>> = {
  'nginx, to a port': { ...nginx, tls: false },
  'nginx with TLS, to a Unix socket': { ...nginx, tls: true, unix: (path) => `unix:${path}` },
  'HAProxy in HTTP mode, to a port': { ...haproxy, tls: false },
  'HAProxy in HTTP mode with TLS, to a Unix socket': { ...haproxy, tls: true, unix: (path) => `unix@${path}` },
  'HAProxy in TCP mode, TLS by Portal': {
    ...tcpHaproxy,
    tls: true,
    options: { tls: LOCALHOST, proxyProtocol: true },
  },
  'HAProxy in TCP mode, PROXY header of version 1': {
    ...tcpHaproxy,
    start: (upstream, changes) => startTcpHaproxy(upstream, { ...v1, ...changes }),
    tls: false,
    options: { proxyProtocol: true },
  },
};

/** An application behind a proxy, and clients of it. */
export interface Through {
  readonly app: Application;
  readonly proxy: Proxy;
  readonly logger: MemoryLogger;
  /** Passes the handshake. */
  enter(path: string, headers?: Record<string, string>): Promise<RawClient>;
  /** A bare client. */
  dial(): Promise<RawClient>;
}

const cleanUps: (() => Promise<unknown> | void)[] = [];

/** Runs clean-ups after the test, the last first. */
export function afterTest(cleanUp: () => Promise<unknown> | void): void {
  cleanUps.push(cleanUp);
}

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

/** An application behind a proxy, with the options of its `Way`. */
export async function applicationFor(way: Way, options: PortalOptions = {}): Promise<[Application, MemoryLogger]> {
  const logger = new MemoryLogger();
  const shutdown = { deadlineMs: 200 };
  const all = { ...SETTINGS, host: '127.0.0.1', ...way.options, logger, shutdown, ...options };
  const app = await bootstrap(EveryTransportModule, all);
  afterTest(() => app.close());
  return [app, logger];
}

export async function through(way: Way, changes?: Changes): Promise<Through> {
  const [app, logger, upstream] = await upstreamOf(way);
  const proxy = await way.start(upstream, changes);
  afterTest(() => proxy.stop());
  const port = way.tls ? proxy.tlsPort : proxy.port;
  const dial = (): Promise<RawClient> => clientTo(port, way.tls);
  const enter = (path: string, headers?: Record<string, string>): Promise<RawClient> =>
    enterAt(port, way.tls, path, headers);
  return { app, proxy, logger, enter, dial };
}

async function upstreamOf(way: Way): Promise<[Application, MemoryLogger, string]> {
  if (way.unix === undefined) {
    const [app, logger] = await applicationFor(way, { port: 0 });
    return [app, logger, `127.0.0.1:${app.port}`];
  }
  const folder = mkdtempSync(join(tmpdir(), 'portal-'));
  afterTest(() => rmSync(folder, { recursive: true, force: true }));
  const socketPath = join(folder, 'portal.sock');
  const [app, logger] = await applicationFor(way, { socketPath });
  return [app, logger, way.unix(socketPath)];
}

/** The address of clients, other than the proxy's. */
export const CLIENT = '127.0.0.2';

/** A bare client. */
export async function clientTo(port: number, tls: boolean): Promise<RawClient> {
  const socket = await socketTo(port, tls);
  socket.on('end', () => socket.end());
  return RawClient.over(socket, 'localhost');
}

/** A client that has passed the handshake. */
export async function enterAt(
  port: number,
  tls: boolean,
  path: string,
  headers?: Record<string, string>,
): Promise<RawClient> {
  return (await clientTo(port, tls)).handshake(path, headers);
}

async function socketTo(port: number, tls: boolean): Promise<Socket> {
  const tcp = connectTcp({ host: '127.0.0.1', port, localAddress: CLIENT, noDelay: true });
  await once(tcp, 'connect');
  if (!tls) return tcp;
  const socket = connectTls({ socket: tcp, servername: 'localhost', ca: CA, ALPNProtocols: ['http/1.1'] });
  await once(socket, 'secureConnect');
  return socket;
}

/** Resolves with the handshake as the handler sees it. */
export async function seenOf(client: RawClient<Duplex>): Promise<Record<string, unknown>> {
  client.write(text('{"event":"handshake","id":1}'));
  const { data } = JSON.parse((await client.frame()).payload.toString()) as { data: never };
  return data;
}
