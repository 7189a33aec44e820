import { HAPROXY, startHaproxy, startTcpHaproxy } from '../proxies/haproxy';
import { describeWith } from '../proxies/program';
import { behaves } from './behaviour';
import { http2, HANDSHAKE, http1, listening, tcpTo, TLS, tlsTo } from './targets';

describeWith(HAPROXY, 'HAProxy', () => {
  behaves('in HTTP mode', 'a proxy', async () => {
    const app = await listening();
    const haproxy = await startHaproxy(`127.0.0.1:${app.port}`);
    const client = http1(() => tcpTo(haproxy.port), `127.0.0.1:${haproxy.port}`);
    return { app, handshake: HANDSHAKE, ...client, close: haproxy.stop };
  });

  behaves('in HTTP mode, clients on HTTP/2', 'a proxy', async () => {
    const app = await listening();
    const haproxy = await startHaproxy(`127.0.0.1:${app.port}`);
    const client = http2(() => tlsTo(haproxy.tlsPort), `wss://localhost:${haproxy.tlsPort}`);
    return { app, handshake: { ...HANDSHAKE, secure: true }, ...client, close: haproxy.stop };
  });

  behaves('in TCP mode with a PROXY header, TLS by Portal', 'a proxy', async () => {
    const app = await listening({ ...TLS, proxyProtocol: true });
    const haproxy = await startTcpHaproxy(`127.0.0.1:${app.port}`);
    const client = http1(() => tlsTo(haproxy.port), `localhost:${haproxy.port}`);
    return { app, handshake: { ...HANDSHAKE, secure: true }, ...client, close: haproxy.stop };
  });

  behaves('in TCP mode with a PROXY header, HTTP/2 by Portal', 'a proxy', async () => {
    const app = await listening({ ...TLS, proxyProtocol: true });
    const haproxy = await startTcpHaproxy(`127.0.0.1:${app.port}`);
    const client = http2(() => tlsTo(haproxy.port), `wss://localhost:${haproxy.port}`);
    return { app, handshake: { ...HANDSHAKE, httpVersion: '2.0', secure: true }, ...client, close: haproxy.stop };
  });
});
