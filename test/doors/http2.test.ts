import { behaves } from './behaviour';
import { HANDSHAKE, http1, http2, listening, nothing, tcpTo, TLS, tlsTo } from './ways';

behaves('HTTP/2 over TLS', 'HTTP/2', async () => {
  const app = await listening(TLS);
  const way = http2(() => tlsTo(app.port), `wss://localhost:${app.port}`);
  return { app, handshake: { ...HANDSHAKE, httpVersion: '2.0', secure: true }, ...way, close: nothing };
});

behaves('HTTP/2 without TLS', 'HTTP/2', async () => {
  const app = await listening({ http2: true });
  const way = http2(() => tcpTo(app.port), `ws://127.0.0.1:${app.port}`);
  return { app, handshake: { ...HANDSHAKE, httpVersion: '2.0' }, ...way, close: nothing };
});

behaves('HTTP/1.1 beside HTTP/2 without TLS', 'HTTP/1.1', async () => {
  const app = await listening({ http2: true });
  const way = http1(() => tcpTo(app.port), `127.0.0.1:${app.port}`);
  return { app, handshake: HANDSHAKE, ...way, close: nothing };
});
