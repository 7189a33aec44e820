import { behaves } from './behaviour';
import { HANDSHAKE, http1, listening, nothing, TLS, tlsTo } from './targets';

behaves('TLS', 'HTTP/1.1', async () => {
  const app = await listening(TLS);
  const client = http1(() => tlsTo(app.port), `localhost:${app.port}`);
  return { app, handshake: { ...HANDSHAKE, secure: true }, ...client, close: nothing };
});
