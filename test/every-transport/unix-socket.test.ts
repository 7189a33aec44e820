import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootstrap } from '../../src';
import { EveryTransportModule, SETTINGS } from './application';
import { behaves } from './behaviour';
import { HANDSHAKE, http1, unixTo } from './targets';

behaves('a Unix socket', 'HTTP/1.1', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'portal-'));
  const socketPath = join(folder, 'portal.sock');
  const app = await bootstrap(EveryTransportModule, { ...SETTINGS, socketPath });
  return {
    app,
    // nobody has an address there
    handshake: { ...HANDSHAKE, remoteAddress: '' },
    ...http1(() => unixTo(socketPath), 'localhost'),
    close: async () => rmSync(folder, { recursive: true }),
  };
});
