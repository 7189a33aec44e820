import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap } from '../../src';
import { NGINX, startNginx } from '../proxies/nginx';
import { describeWith } from '../proxies/program';
import { EveryTransportModule, SETTINGS } from './application';
import { behaves } from './behaviour';
import { HANDSHAKE, http1, listening, tcpTo, tlsTo } from './targets';

describeWith(NGINX, 'nginx', () => {
  behaves('to a port', 'a proxy', async () => {
    const app = await listening();
    const nginx = await startNginx(`127.0.0.1:${app.port}`);
    const client = http1(() => tcpTo(nginx.port), `127.0.0.1:${nginx.port}`);
    return { app, handshake: HANDSHAKE, ...client, close: nginx.stop };
  });

  behaves('with TLS, to a Unix socket', 'a proxy', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'portal-'));
    const socketPath = join(folder, 'portal.sock');
    const app = await bootstrap(EveryTransportModule, { ...SETTINGS, socketPath });
    const nginx = await startNginx(`unix:${socketPath}`);
    const client = http1(() => tlsTo(nginx.tlsPort), `localhost:${nginx.tlsPort}`);
    const close = async (): Promise<void> => {
      await nginx.stop();
      rmSync(folder, { recursive: true, force: true });
    };
    return { app, handshake: { ...HANDSHAKE, secure: true }, ...client, close };
  });
});
