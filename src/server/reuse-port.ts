import { createServer, type AddressInfo, type ListenOptions, type Server } from 'node:net';

/** With the option that the types of the oldest Node do not have. */
export type PortOptions = ListenOptions & { reusePort?: boolean };

/** What `listen` fails with where the system cannot share a port, and where a Node that does not know the option tries. */
const UNSUPPORTED = new Set(['ENOTSUP', 'ENOPROTOOPT', 'EADDRINUSE']);

/**
 * Whether several sockets can listen on one port of a host: it tries on a free one, as a Node that does not know the
 * option ignores it. What else goes wrong is for the real `listen` to tell.
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
