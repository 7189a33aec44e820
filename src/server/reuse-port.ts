import { createServer, type AddressInfo, type ListenOptions, type Server } from 'node:net';

/** The types of the oldest supported Node lack the option `reusePort`. */
export type PortOptions = ListenOptions & { reusePort?: boolean };

/** Codes of `listen` where the system cannot share a port, or where Node does not know the option. */
const UNSUPPORTED = new Set(['ENOTSUP', 'ENOPROTOOPT', 'EADDRINUSE']);

/**
 * True where several sockets can listen on one port of a host. The function tries a free port, since an older Node ignores the
 * option. Other errors count as true: the real `listen` will report them.
 */
export async function canReusePort(host: string): Promise<boolean> {
  const servers = [createServer(), createServer()];
  let port = 0;
  try {
    for (const server of servers) port = await listen(server, { host, port, reusePort: true });
    return true;
  } catch (error) {
    return !UNSUPPORTED.has((error as NodeJS.ErrnoException).code ?? '');
  } finally {
    for (const server of servers) server.close();
  }
}

/** Resolves with the port. */
function listen(server: Server, place: PortOptions): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(place, () => resolve((server.address() as AddressInfo).port));
  });
}
