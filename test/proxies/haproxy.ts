import { LOCALHOST } from '../support/certificates';
import { freePort } from '../support/free-port';
import { blockOf, folderOf, replaced, run, type Running } from './program';

export const HAPROXY = '/usr/sbin/haproxy';

export interface Haproxy extends Running {
  readonly port: number;
  readonly tlsPort: number;
}

/** The guide's configuration in HTTP mode, in front of an `address:port`. `changes`: of its text, one for the other. */
export async function startHaproxy(upstream: string, changes: Readonly<Record<string, string>> = {}): Promise<Haproxy> {
  const [port, tlsPort] = [await freePort(), await freePort()];
  const configuration = replaced(blockOf('deployment.md', 'haproxy http'), {
    '127.0.0.1:5005': upstream,
    'bind :80\n': `bind 127.0.0.1:${port}\n`,
    'bind :443 ': `bind 127.0.0.1:${tlsPort} `,
    '/etc/haproxy/app.pem': 'app.pem',
    ...changes,
  });
  return { ...(await start(configuration, port)), port, tlsPort };
}

/** The guide's configuration in TCP mode, where TLS ends at Portal. */
export async function startTcpHaproxy(
  upstream: string,
  changes: Readonly<Record<string, string>> = {},
): Promise<Haproxy> {
  const port = await freePort();
  const configuration = replaced(blockOf('deployment.md', 'haproxy tcp'), {
    '127.0.0.1:5005': upstream,
    'bind :443\n': `bind 127.0.0.1:${port}\n`,
    ...changes,
  });
  return { ...(await start(configuration, port)), port, tlsPort: port };
}

function start(configuration: string, port: number): Promise<Running> {
  const folder = folderOf({ 'haproxy.cfg': configuration, 'app.pem': LOCALHOST.cert + LOCALHOST.key });
  // -db: in the foreground
  return run(HAPROXY, ['-db', '-f', 'haproxy.cfg'], folder, port);
}
