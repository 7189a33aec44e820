import type { OutgoingHttpHeaders } from 'node:http2';
import { CA } from '../support/certificates';
import { Http2Client } from '../support/http2-client';
import { behaves, type OpenDoor } from './behaviour';
import { clientOver, HANDSHAKE, http1, listening, nothing, tcpTo, TLS, tlsTo } from './ways';

/** Streams of one HTTP/2 connection, for as long as there is one. */
function connectOver(url: string): OpenDoor['connect'] {
  let shared: Http2Client | undefined;
  return async (path, headers = {}) => {
    const own = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value || undefined]);
    if (shared === undefined || shared.session.destroyed) shared = await Http2Client.connect(url, { ca: CA });
    const {
      status,
      headers: answered,
      stream,
    } = await shared.connect(path, Object.fromEntries(own) as OutgoingHttpHeaders);
    const client = clientOver(stream);
    const body = status === 200 ? '' : (await client.end()).toString();
    return { status, headers: answered as Record<string, string>, body, client };
  };
}

behaves('HTTP/2 over TLS', 'HTTP/2', async () => {
  const app = await listening(TLS);
  const authority = `localhost:${app.port}`;
  const handshake = { ...HANDSHAKE, httpVersion: '2.0', secure: true } as const;
  return {
    app,
    handshake,
    authority,
    connect: connectOver(`wss://${authority}`),
    dial: () => tlsTo(app.port),
    close: nothing,
  };
});

behaves('HTTP/2 without TLS', 'HTTP/2', async () => {
  const app = await listening({ http2: true });
  const authority = `127.0.0.1:${app.port}`;
  const handshake = { ...HANDSHAKE, httpVersion: '2.0' } as const;
  return {
    app,
    handshake,
    authority,
    connect: connectOver(`ws://${authority}`),
    dial: () => tcpTo(app.port),
    close: nothing,
  };
});

behaves('HTTP/1.1 beside HTTP/2 without TLS', 'HTTP/1.1', async () => {
  const app = await listening({ http2: true });
  const way = http1(() => tcpTo(app.port), `127.0.0.1:${app.port}`);
  return { app, handshake: HANDSHAKE, ...way, close: nothing };
});
