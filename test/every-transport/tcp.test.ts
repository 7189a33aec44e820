import { behaves } from './behaviour';
import { HANDSHAKE, http1, listening, nothing, tcpTo } from './targets';

behaves('TCP', 'HTTP/1.1', async () => {
  const app = await listening();
  const client = http1(() => tcpTo(app.port), `127.0.0.1:${app.port}`);
  return { app, handshake: HANDSHAKE, ...client, close: nothing };
});
