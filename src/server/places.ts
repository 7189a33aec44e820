/** A port, a Unix socket, or both, to listen on. */
export interface Place {
  /** Default 5005, unless there is a `socketPath`; 0 takes a free port. */
  port?: number | undefined;
  /** Default `localhost`: 127.0.0.1 and ::1, where the machine has both. */
  host?: string | undefined;
  /** The path of a Unix socket. */
  socketPath?: string | undefined;
  /** Lets other processes that set the option too listen on the same port. */
  reusePort?: boolean | undefined;
  /** `false` turns TLS off at this place, for a proxy on the same machine. */
  tls?: false | undefined;
  /** Default: the application's option. */
  http2?: boolean | undefined;
  /** Default: the application's option. */
  proxyProtocol?: boolean | undefined;
}

/** A port of a host, or a Unix socket. */
export type Exact =
  { readonly port: number; readonly host: string; readonly reusePort?: boolean } | { readonly socketPath: string };

/** The place is taken, or the process may not use it. */
export class ListenError extends Error {
  override readonly name = 'ListenError';
}

const DEFAULT_PORT = 5005;
const DEFAULT_HOST = 'localhost';

/**
 * The port and the Unix socket of a place.
 * @throws ListenError for a Unix socket with `reusePort`
 */
export function placesIn({ port, host = DEFAULT_HOST, socketPath, reusePort = false }: Omit<Place, 'tls'>): Exact[] {
  if (socketPath === undefined) return [{ port: port ?? DEFAULT_PORT, host, reusePort }];
  if (port !== undefined) return [{ port, host, reusePort }, { socketPath }];
  if (reusePort) throw new ListenError('`reusePort` needs a port: a Unix socket belongs to one process');
  return [{ socketPath }];
}

/** The URL of a place whose server listens on `port`. */
export function urlOf(scheme: 'ws' | 'wss', place: Exact, port: number | undefined): string {
  if ('socketPath' in place) return `${scheme}+unix:${place.socketPath}`;
  const { host } = place;
  const isAny = host === '0.0.0.0' || host === '::';
  return `${scheme}://${isAny ? 'localhost' : host.includes(':') ? `[${host}]` : host}:${port}`;
}
