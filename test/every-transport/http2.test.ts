import { behaves } from './behaviour';
import { HANDSHAKE, http1, http2, listening, nothing, tcpTo, TLS, tlsTo } from './targets';

behaves('HTTP/2 over TLS', 'HTTP/2', async () => {
  const app = await listening(TLS);
  const client = http2(() => tlsTo(app.port), `wss://localhost:${app.port}`);
  return { app, handshake: { ...HANDSHAKE, httpVersion: '2.0', secure: true }, ...client, close: nothing };
});

behaves('HTTP/2 without TLS', 'HTTP/2', async () => {
  const app = await listening({ http2: true });
  const client = http2(() => tcpTo(app.port), `ws://127.0.0.1:${app.port}`);
  return { app, handshake: { ...HANDSHAKE, httpVersion: '2.0' }, ...client, close: nothing };
});

behaves('HTTP/1.1 beside HTTP/2 without TLS', 'HTTP/1.1', async () => {
  const app = await listening({ http2: true });
  const client = http1(() => tcpTo(app.port), `127.0.0.1:${app.port}`);
  return { app, handshake: HANDSHAKE, ...client, close: nothing };
});
