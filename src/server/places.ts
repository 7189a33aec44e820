/** Where to listen. */
export interface Place {
  /** 0 takes a free one. */
  port?: number | undefined;
  /** `localhost` is 127.0.0.1 and ::1, where the machine has both. */
  host?: string | undefined;
  /** A Unix socket, in place of a port. */
  socketPath?: string | undefined;
  /** Others that ask for it too may listen on the same port. */
  reusePort?: boolean | undefined;
  /** `false`: not encrypted there, though the application has TLS; for a proxy on the same machine. */
  tls?: false | undefined;
  /** Default: as the application's options say. */
  http2?: boolean | undefined;
  /** Default: as the application's options say. */
  proxyProtocol?: boolean | undefined;
}

/** A port of a host, or a Unix socket. */
export type Exact =
  { readonly port: number; readonly host: string; readonly reusePort?: boolean } | { readonly socketPath: string };

/** The place is taken, or may not be used. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

const DEFAULT_PORT = 5005;
const DEFAULT_HOST = 'localhost';

/**
 * A port, a Unix socket, or both.
 * @throws ListenError for a Unix socket that several processes would share
 */
export function placesIn({ port, host = DEFAULT_HOST, socketPath, reusePort = false }: Omit<Place, 'tls'>): Exact[] {
  if (socketPath === undefined) return [{ port: port ?? DEFAULT_PORT, host, reusePort }];
  if (port !== undefined) return [{ port, host, reusePort }, { socketPath }];
  if (reusePort) throw new ListenError('`reusePort` needs a port: a Unix socket belongs to one process');
  return [{ socketPath }];
}

/** Where clients connect to a place. `port`: the one that the server listens on. */
export function urlOf(scheme: 'ws' | 'wss', place: Exact, port: number | undefined): string {
  if ('socketPath' in place) return `${scheme}+unix:${place.socketPath}`;
  const { host } = place;
  const isAny = host === '0.0.0.0' || host === '::';
  return `${scheme}://${isAny ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`;
}
