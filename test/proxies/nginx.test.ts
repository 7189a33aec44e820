import { CA } from '../support/certificates';
import { text } from '../support/frames';
import { Http2Client } from '../support/http2-client';
import { until } from '../support/until';
import { HAPROXY, startHaproxy } from './haproxy';
import { NGINX, startNginx } from './nginx';
import { describeWith } from './program';
import { afterTest, applicationFor, CLIENT, enterAt, seenOf, through, WAYS } from './through';

const WAY = WAYS['nginx, to a port']!;

describeWith(NGINX, 'nginx', () => {
  test("an invalid configuration is an error with the proxy's own message", async () => {
    const start = startNginx('127.0.0.1:1', { 'proxy_buffering off;': 'proxy_bufering off;' });
    await expect(start).rejects.toThrow('unknown directive "proxy_bufering"');
  });

  test('open connections survive a reload, and later ones are served too', async () => {
    const { proxy, enter } = await through(WAY);
    const client = await enter('/echo');
    const before = WAY.serving(proxy);
    proxy.child.kill('SIGHUP');
    // the old worker stays as long as its connections
    await until(() => WAY.serving(proxy) !== before, 10);
    const later = await enter('/echo');
    for (const each of [client, later]) {
      each.write(text('still here'));
      expect((await each.frame()).payload.toString()).toBe('still here');
    }
  });

  test('where only one path is forwarded, other requests do not reach the application', async () => {
    const { enter, dial } = await through(WAY, { 'location / {': 'location /rooms/ {' });
    expect(await seenOf(await enter('/rooms/1'))).toMatchObject({ remoteAddress: CLIENT });
    const client = await dial();
    client.upgrade('/echo');
    const { status, headers } = await client.answer();
    expect([status, headers.server]).toEqual([404, expect.stringContaining('nginx')]);
  });

  test('a plain request is forwarded as such', async () => {
    const request = jest.fn((_request: { headers: object }, response: { end(body: string): void }) =>
      response.end('plain'),
    );
    const [app] = await applicationFor(WAY, { port: 0, request });
    const nginx = await startNginx(`127.0.0.1:${app.port}`);
    afterTest(() => nginx.stop());
    expect(await (await fetch(`http://127.0.0.1:${nginx.port}/page`)).text()).toBe('plain');
    const { headers } = request.mock.calls[0]![0];
    expect(headers).toMatchObject({ connection: 'close', 'x-forwarded-for': '127.0.0.1' });
    expect(headers).not.toHaveProperty('upgrade');
  });

  test('with HTTP/2, nginx offers WebSockets over HTTP/1.1 alone', async () => {
    const [app] = await applicationFor(WAY, { port: 0 });
    const nginx = await startNginx(`127.0.0.1:${app.port}`, { ' ssl;': ' ssl http2;' });
    afterTest(() => nginx.stop());
    const { settings } = await Http2Client.connect(`wss://localhost:${nginx.tlsPort}`, { ca: CA });
    expect(settings.enableConnectProtocol).toBe(false);
    expect(await seenOf(await enterAt(nginx.tlsPort, true, '/rooms/1'))).toMatchObject({ secure: true });
  });
});

describeWith(HAPROXY, 'nginx behind HAProxy', () => {
  test("the first proxy names the client's address and TLS", async () => {
    const [app] = await applicationFor(WAY, { port: 0 });
    const nginx = await startNginx(`127.0.0.1:${app.port}`, {
      'X-Forwarded-For $remote_addr;': 'X-Forwarded-For $proxy_add_x_forwarded_for;',
      'X-Forwarded-Proto $scheme;': 'X-Forwarded-Proto $http_x_forwarded_proto;',
    });
    afterTest(() => nginx.stop());
    const haproxy = await startHaproxy(`127.0.0.1:${nginx.port}`);
    afterTest(() => haproxy.stop());
    const client = await enterAt(haproxy.tlsPort, true, '/rooms/1', { 'X-Forwarded-For': '203.0.113.66' });
    expect(await seenOf(client)).toMatchObject({ remoteAddress: CLIENT, secure: true });
  });
});
