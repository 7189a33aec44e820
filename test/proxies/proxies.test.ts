import { once } from 'node:events';
import { WebSocket } from 'ws';
import { bootstrap, type Application } from '../../src';
import { DoorsModule, SETTINGS, seen } from '../doors/application';
import { RawClient } from '../support/raw-client';
import { text } from '../support/frames';
import { HAPROXY, startHaproxy } from './haproxy';
import { NGINX, startNginx } from './nginx';
import { describeWith, freePort, type Running } from './program';

type Proxy = Running & { port: number };
type StartProxy = (upstream: string, changes?: Record<string, string>) => Promise<Proxy>;

const running: { stop?(): Promise<void>; close?(): Promise<void> }[] = [];

afterEach(async () => {
  for (const each of running.splice(0)) await (each.stop ?? each.close)!.call(each);
});

async function start(startProxy: StartProxy, changes?: Record<string, string>): Promise<[Proxy, Application]> {
  const app = await bootstrap(DoorsModule, {
    ...SETTINGS,
    port: 0,
    host: '127.0.0.1',
    shutdown: { deadlineMs: 200 },
  });
  const proxy = await startProxy(`127.0.0.1:${app.port}`, changes);
  running.push(proxy, app);
  return [proxy, app];
}

function enter(proxy: Proxy, path: string, headers?: Record<string, string>): Promise<RawClient> {
  return RawClient.open(`ws://127.0.0.1:${proxy.port}`, path, headers);
}

describe.each<[string, string, StartProxy, Record<string, string>]>([
  ['nginx', NGINX, startNginx, { 'proxy_read_timeout 60s': 'proxy_read_timeout 1s' }],
  ['HAProxy', HAPROXY, startHaproxy, { 'timeout tunnel 60s': 'timeout tunnel 1s' }],
])('%s', (name, binary, startProxy, impatient) => {
  describeWith(binary, `through ${name}`, () => {
    test('what a client says of its own address is not believed', async () => {
      const [proxy] = await start(startProxy);
      const client = await enter(proxy, '/rooms/1', {
        'X-Forwarded-For': '203.0.113.66',
        'X-Forwarded-Proto': 'https',
        Forwarded: 'for=203.0.113.66;proto=https',
      });
      client.write(text('{"event":"handshake","id":1}'));
      const { data } = JSON.parse((await client.frame()).payload.toString()) as { data: object };
      expect(data).toMatchObject({ remoteAddress: '127.0.0.1', secure: false });
    });

    test('an idle connection that the proxy cuts ends with 1006; one that pings goes on', async () => {
      const [proxy, app] = await start(startProxy, impatient);
      const lively = new WebSocket(`ws://127.0.0.1:${proxy.port}/told?name=lively-${name}`);
      await once(lively, 'open');
      lively.send('here');
      await once(lively, 'message');
      const pinging = setInterval(() => void seen.connections.get(`lively-${name}`)?.ping(), 200);
      for (const idle of [`idle-1-${name}`, `idle-2-${name}`]) {
        const client = await enter(proxy, `/told?name=${idle}`);
        expect(await seen.close(idle)).toMatchObject({ code: 1006, clean: false });
        await client.end();
      }
      expect(app.connections.size).toBe(1);
      lively.send('still here');
      await once(lively, 'message');
      clearInterval(pinging);
      lively.close();
      await once(lively, 'close');
    });

    test('a proxy that ends leaves nothing behind', async () => {
      const [proxy, app] = await start(startProxy);
      const client = await enter(proxy, `/told?name=orphan-${name}`);
      await stopAll(proxy);
      await client.end();
      expect((await seen.close(`orphan-${name}`)).code).toBe(1006);
      while (app.connections.size > 0) await new Promise(setImmediate);
    });

    test('without an application behind it the answer is an error of the proxy', async () => {
      const proxy = await startProxy(`127.0.0.1:${await freePort()}`);
      running.push(proxy);
      const client = await RawClient.connect(`ws://127.0.0.1:${proxy.port}`);
      client.upgrade('/echo');
      expect([502, 503]).toContain((await client.answer()).status);
      client.destroy();
    });
  });
});

/** nginx's worker is a process of its own, which ends with it. */
async function stopAll(proxy: Proxy): Promise<void> {
  running.splice(running.indexOf(proxy), 1);
  await proxy.stop();
}
