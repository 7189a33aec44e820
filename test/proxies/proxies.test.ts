import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { WebSocket } from 'ws';
import { seen } from '../doors/application';
import { CA } from '../support/certificates';
import { text } from '../support/frames';
import { freePort } from '../support/free-port';
import type { RawClient } from '../support/raw-client';
import { describeWith } from './program';
import {
  afterTest,
  CLIENT,
  seenOf,
  clientTo,
  through,
  until,
  WAYS,
  type Changes,
  type Through,
  type Way,
} from './through';

/** How long the proxy waits for traffic. */
const IMPATIENT: readonly [string, Changes][] = [
  ['nginx, to a port', { 'proxy_read_timeout 60s': 'proxy_read_timeout 2s' }],
  ['HAProxy in HTTP mode, to a port', { 'timeout tunnel 60s': 'timeout tunnel 2s' }],
  [
    'HAProxy in TCP mode, TLS by Portal',
    { 'timeout client 60s': 'timeout client 2s', 'timeout server 60s': 'timeout server 2s' },
  ],
];

for (const [name, way] of Object.entries(WAYS)) {
  describeWith(way.binary, name, () => {
    test('a client of the ws library: text, bytes, a subprotocol, compression, a close code', async () => {
      const { proxy } = await through(way);
      const socket = await webSocket(way, proxy, '/echo', ['other', 'chat.v1']);
      expect([socket.protocol, socket.extensions]).toEqual(['chat.v1', expect.stringContaining('permessage-deflate')]);
      for (const message of ['', 'héllo ✓ 🂡', 'again and again '.repeat(5000), randomBytes(1_048_576)]) {
        const answered = once(socket, 'message') as Promise<[Buffer, boolean]>;
        socket.send(message);
        const [answer, isBinary] = await answered;
        expect(isBinary).toBe(typeof message !== 'string');
        expect(answer.equals(Buffer.from(message as string))).toBe(true);
      }
      const closed = once(socket, 'close');
      socket.close(4003, 'done');
      expect((await closed)[0]).toBe(4003);
    });

    test('the handler sees the address of the client, and whether it came with TLS', async () => {
      const { enter } = await through(way);
      const handshake = await seenOf(await enter('/rooms/1'));
      expect(handshake).toMatchObject({ remoteAddress: CLIENT, secure: way.tls, host: 'localhost' });
    });

    const lie = way.tls ? 'http' : 'https';

    test.each<[string, Record<string, string>]>([
      ['X-Forwarded-For', { 'X-Forwarded-For': '203.0.113.66', 'X-Forwarded-Proto': lie }],
      ['Forwarded', { Forwarded: `for=203.0.113.66;proto=${lie}` }],
      ['both, and a list', { 'X-Forwarded-For': '203.0.113.66, 127.0.0.1', Forwarded: 'for=203.0.113.66' }],
    ])('what a client says of itself is not believed: %s', async (_name, headers) => {
      const { enter } = await through(way);
      const client = await enter('/rooms/1', headers);
      expect(await seenOf(client)).toMatchObject({ remoteAddress: CLIENT, secure: way.tls });
    });

    test('a proxy that ends leaves nothing behind', async () => {
      const open = await through(way);
      const [client, name] = await named(open);
      await open.proxy.stop();
      await client.end();
      expect((await seen.close(name)).code).toBe(1006);
      await until(() => open.app.connections.size === 0);
      expect(open.logger.lines).toEqual(['info the peer went away']);
    });

    test('neither does one that is killed', async () => {
      const open = await through(way);
      const [client, name] = await named(open);
      process.kill(way.serving(open.proxy), 'SIGKILL');
      await client.end();
      expect((await seen.close(name)).code).toBe(1006);
      await until(() => open.app.connections.size === 0);
      expect(open.logger.lines).toEqual(['info the peer went away']);
    });

    test('without an application behind it the client is told so, or cut', async () => {
      const proxy = await way.start(`127.0.0.1:${await freePort()}`);
      afterTest(() => proxy.stop());
      const client = await clientTo(proxy.port, false);
      client.upgrade('/echo');
      const outcome = await client.answer().then(
        ({ status }) => status,
        () => 'cut',
      );
      expect(outcome).toBe(name.includes('TCP mode') ? 'cut' : name.startsWith('nginx') ? 502 : 503);
    });
  });
}

for (const [name, changes] of IMPATIENT) {
  const way = WAYS[name]!;

  describeWith(way.binary, `an impatient ${name}`, () => {
    test('an idle connection that it cuts ends with 1006; one that pings goes on', async () => {
      const open = await through(way, changes);
      const [lively, livelyName] = await named(open);
      // the pongs are read, and not looked at
      const pinging = setInterval(() => void seen.connections.get(livelyName)?.ping(), 100);
      afterTest(() => clearInterval(pinging));
      const [idle, idleName] = await named(open);
      expect(await seen.close(idleName)).toEqual({ code: 1006, reason: '', clean: false });
      await idle.end();
      expect([...open.app.connections].map(({ query }) => query.get('name'))).toEqual([livelyName]);
      clearInterval(pinging);
      lively.write(text('still here'));
      const payloads: string[] = [];
      do payloads.push((await lively.frame()).payload.toString());
      while (payloads.at(-1) !== 'noted');
    });
  });
}

async function webSocket(way: Way, { port, tlsPort }: Through['proxy'], path: string, protocols: string[]) {
  const url = way.tls ? `wss://localhost:${tlsPort}` : `ws://127.0.0.1:${port}`;
  const options = { ca: CA, perMessageDeflate: { threshold: 0 }, maxPayload: 2 * 1024 * 1024 };
  const socket = new WebSocket(url + path, protocols, options);
  afterTest(() => socket.terminate());
  await once(socket, 'open');
  return socket;
}

let names = 0;

/** A client whose end the server's side will tell. */
async function named({ enter }: Through): Promise<[RawClient, string]> {
  const name = `proxied ${++names}`;
  const client = await enter(`/told?name=${encodeURIComponent(name)}`);
  client.write(text('here'));
  expect((await client.frame()).payload.toString()).toBe('noted');
  return [client, name];
}
