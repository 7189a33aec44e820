import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:net';
import { once } from 'node:events';
import { CA, LOCALHOST } from '../support/certificates';
import { deferred, startEngine } from '../support/engine';
import type { Connection, Endpoint, Handshake } from '../../src/engine';
import { Http2Client } from '../support/http2-client';
import { RawClient } from '../support/raw-client';

const folder = mkdtempSync(join(tmpdir(), 'portal-'));
afterAll(() => rmSync(folder, { recursive: true }));

function hearing(): { endpoint: Endpoint; next: () => Promise<Handshake> } {
  let opened = deferred<Connection>();
  const endpoint: Endpoint = { path: '/', open: (connection) => opened.resolve(connection), text() {} };
  const next = async (): Promise<Handshake> => {
    const { handshake } = await opened.promise;
    opened = deferred();
    return handshake;
  };
  return { endpoint, next };
}

test('an application with TLS has a Unix socket without, for the proxy beside it', async () => {
  const { endpoint, next } = hearing();
  const engine = await startEngine([endpoint], { tls: LOCALHOST });
  const socketPath = join(folder, 'plain.sock');
  await engine.listen({ socketPath, tls: false });
  const socket = connect(socketPath);
  await once(socket, 'connect');
  const client = RawClient.over(socket);
  client.upgrade('/');
  expect((await client.answer()).status).toBe(101);
  expect(await next()).toMatchObject({ secure: false, httpVersion: '1.1' });
  client.destroy();
  const http2 = await Http2Client.connect(engine.url.replace('127.0.0.1', 'localhost'), { ca: CA });
  await http2.open('/');
  expect(await next()).toMatchObject({ secure: true, httpVersion: '2.0' });
});

test('one port expects a PROXY header, and another does not', async () => {
  const { endpoint, next } = hearing();
  const engine = await startEngine([endpoint]);
  const socketPath = join(folder, 'proxied.sock');
  await engine.listen({ socketPath, proxyProtocol: true });
  await RawClient.open(engine.url, '/');
  expect((await next()).remoteAddress).toBe('127.0.0.1');
  const socket = connect(socketPath);
  await once(socket, 'connect');
  const client = RawClient.over(socket);
  client.write('PROXY TCP4 192.0.2.7 192.0.2.1 40000 443\r\n');
  client.upgrade('/');
  expect((await client.answer()).status).toBe(101);
  expect((await next()).remoteAddress).toBe('192.0.2.7');
  client.destroy();
});
