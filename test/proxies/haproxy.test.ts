import type { RequestListener } from 'node:http';
import { CA } from '../support/certificates';
import { Http2Client } from '../support/http2-client';
import { until } from '../support/until';
import { HAPROXY, startHaproxy } from './haproxy';
import { describeWith } from './program';
import { afterTest, applicationFor, CLIENT, enterAt, seenOf, WAYS } from './through';

const HTTP = WAYS['HAProxy in HTTP mode, to a port']!;
const TCP = WAYS['HAProxy in TCP mode, TLS by Portal']!;
const V1 = WAYS['HAProxy in TCP mode, PROXY header of version 1']!;

const HASTY = { ' check': ' check inter 50ms' };

describeWith(HAPROXY, 'HAProxy', () => {
  test("an invalid configuration is an error with the proxy's own message", async () => {
    const start = startHaproxy('127.0.0.1:1', { 'timeout tunnel': 'timeout tunel' });
    await expect(start).rejects.toThrow("(got 'tunel')");
  });

  test.each([
    ['in HTTP mode', HTTP],
    ['in TCP mode, PROXY header of version 2', TCP],
    ['in TCP mode, PROXY header of version 1', V1],
  ])('HAProxy notices that an application goes and comes, and its checks log nothing there: %s', async (_name, way) => {
    const [app, logger] = await applicationFor(way, { port: 0 });
    const { port } = app;
    const haproxy = await way.start(`127.0.0.1:${port}`, HASTY);
    afterTest(() => haproxy.stop());
    await app.close();
    await until(() => haproxy.log().includes('Server portal/app is DOWN'), 10);
    await app.listen({ port, host: '127.0.0.1' });
    await until(() => haproxy.log().includes('Server portal/app is UP'), 10);
    const client = await enterAt(way.tls ? haproxy.tlsPort : haproxy.port, way.tls, '/rooms/1');
    expect(await seenOf(client)).toMatchObject({ remoteAddress: CLIENT, secure: way.tls });
    expect(app.connections.size).toBe(1);
    expect(logger.lines).toEqual([]);
  });

  test.each([
    ['in HTTP mode', HTTP],
    ['in TCP mode, PROXY header of version 2', { ...TCP, tls: false, options: { proxyProtocol: true } }],
    ['in TCP mode, PROXY header of version 1', V1],
  ])('HAProxy may check the health of the application over HTTP: %s', async (_name, way) => {
    let status = 503;
    const request: RequestListener = ({ url }, response) => {
      response.writeHead(url === '/health' ? status : 404).end();
    };
    const [app] = await applicationFor(way, { port: 0, request });
    const haproxy = await way.start(`127.0.0.1:${app.port}`, {
      ...HASTY,
      'backend portal\n': 'backend portal\n  option httpchk GET /health\n',
    });
    afterTest(() => haproxy.stop());
    await until(() => haproxy.log().includes('Server portal/app is DOWN'), 10);
    status = 200;
    await until(() => haproxy.log().includes('Server portal/app is UP'), 10);
    expect(await seenOf(await enterAt(haproxy.port, false, '/rooms/1'))).toMatchObject({ remoteAddress: CLIENT });
  });

  test.each([
    ['in HTTP mode', HTTP, '1.1'],
    ['in TCP mode', TCP, '2.0'],
  ])('the address of clients over HTTP/2 is known too: %s', async (_name, way, httpVersion) => {
    const [app] = await applicationFor(way, { port: 0 });
    const haproxy = await way.start(`127.0.0.1:${app.port}`);
    afterTest(() => haproxy.stop());
    const options = { ca: CA, localAddress: CLIENT };
    const http2 = await Http2Client.connect(`wss://localhost:${haproxy.tlsPort}`, options);
    for (const headers of [{}, { 'x-forwarded-for': '203.0.113.66', forwarded: 'for=203.0.113.66' }]) {
      const client = await http2.open('/rooms/1', headers);
      expect(await seenOf(client)).toMatchObject({ remoteAddress: CLIENT, secure: true, httpVersion });
    }
  });
});
