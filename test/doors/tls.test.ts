import { behaves } from './behaviour';
import { HANDSHAKE, http1, listening, nothing, TLS, tlsTo } from './ways';

behaves('TLS', 'HTTP/1.1', async () => {
  const app = await listening(TLS);
  const way = http1(() => tlsTo(app.port), `localhost:${app.port}`);
  return { app, handshake: { ...HANDSHAKE, secure: true }, ...way, close: nothing };
});
