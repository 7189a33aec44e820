import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import express, { type Request } from 'express';
import fc from 'fast-check';
import { ClientAddresses } from '../../../src/server/upgrade/client-addresses';

type Headers = Record<string, string>;

/** A socket of the server's, as far as anybody asks it who is at its other end. */
function socketFrom(remoteAddress?: string, encrypted = false): Socket {
  const stream = new Duplex({ read() {}, write: (_bytes, _encoding, done) => done() });
  return Object.assign(stream, { ...(remoteAddress !== undefined && { remoteAddress }), encrypted }) as never;
}

const TRUSTED = ['127.0.0.1', '10.0.0.0/8', '2001:db8:1::/48'];
const addresses = new ClientAddresses(TRUSTED);

const via = (proxy: string | undefined, headers: Headers) => addresses.of(socketFrom(proxy), headers);
const addressVia = (proxy: string | undefined, headers: Headers) => via(proxy, headers).peer.remoteAddress;
const forwardedFor = (...addresses: string[]): Headers => ({ 'x-forwarded-for': addresses.join(', ') });

test.each<[string | undefined, string]>([
  ['192.0.2.1', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::1', '::1'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  // as Node writes those of a link; interfaces have names of all kinds
  ['fe80::1%eth0', 'fe80::1'],
  ['fe80::1%br-lan', 'fe80::1'],
  ['fe80::1%eth0.100:1', 'fe80::1'],
  [undefined, ''],
])('a socket from %s is one from %s', (written, address) => {
  expect(new ClientAddresses().of(socketFrom(written), {}).peer).toEqual({ remoteAddress: address, secure: false });
});

test('it is secure over TLS', () => {
  expect(new ClientAddresses().of(socketFrom('192.0.2.1', true), {}).peer.secure).toBe(true);
});

test('a header counts for nothing where no proxy is trusted, or another', () => {
  const headers = {
    ...forwardedFor('203.0.113.7'),
    'x-forwarded-proto': 'https',
    forwarded: 'for=203.0.113.7;proto=https',
  };
  const direct = { peer: { remoteAddress: '192.0.2.1', secure: false } };
  expect(new ClientAddresses().of(socketFrom('192.0.2.1'), headers)).toEqual(direct);
  expect(via('192.0.2.1', headers)).toEqual(direct);
  expect(via('192.0.2.1', { forwarded: '"' })).toEqual(direct);
});

describe('X-Forwarded-For', () => {
  test.each<[string, Headers, string]>([
    ['one proxy', forwardedFor('203.0.113.7'), '203.0.113.7'],
    ['two', forwardedFor('203.0.113.7', '10.1.2.3'), '203.0.113.7'],
    ['two, the second of them over IPv6', forwardedFor('203.0.113.7', '2001:db8:1:2::3'), '203.0.113.7'],
    ['what the client wrote in front of it', forwardedFor('198.51.100.1', '203.0.113.7'), '203.0.113.7'],
    ['a trusted address that the client wrote in front of it', forwardedFor('10.0.0.9', '203.0.113.7'), '203.0.113.7'],
    ['what no proxy of ours wrote', forwardedFor('198.51.100.1', '203.0.113.7', '10.1.2.3'), '203.0.113.7'],
    ['trusted addresses only: the furthest', forwardedFor('10.0.0.9', '10.1.2.3'), '10.0.0.9'],
    ['IPv4 mapped into IPv6', forwardedFor('::ffff:203.0.113.7', '::ffff:10.1.2.3'), '203.0.113.7'],
    ['another way of writing it', forwardedFor('2001:DB8:0:0:0::7'), '2001:db8::7'],
    ['a port', forwardedFor('203.0.113.7:1234'), '203.0.113.7'],
    ['nothing', {}, '10.0.0.1'],
    ['an empty header', forwardedFor(''), '10.0.0.1'],
    ['who asks is kept secret', forwardedFor('unknown'), ''],
    ['who asks is kept secret by a proxy further away', forwardedFor('unknown', '10.1.2.3'), ''],
    ['what ends in an interface of another machine', forwardedFor('203.0.113.7', 'fe80::1%br-lan'), ''],
    ['what cannot be read, in front of who asks', forwardedFor('<script>', '203.0.113.7'), '203.0.113.7'],
  ])('%s', (_what, headers, address) => {
    expect(via('10.0.0.1', headers)).toEqual({ peer: { remoteAddress: address, secure: false } });
  });

  test('names the same client as in Express', () => {
    const app = express().set('trust proxy', TRUSTED);
    const address = fc.constantFrom(
      '127.0.0.1',
      '10.0.0.1',
      '10.255.0.1',
      '11.0.0.1',
      '203.0.113.7',
      '2001:db8:1::5',
      '2001:db8:2::5',
      '::1',
    );
    fc.assert(
      fc.property(address, fc.array(address, { maxLength: 5 }), (proxy, addresses) => {
        const headers = addresses.length > 0 ? forwardedFor(...addresses) : {};
        const request = Object.assign(Object.create(app.request) as Request, {
          app,
          headers,
          socket: socketFrom(proxy),
        });
        expect(addressVia(proxy, headers)).toBe(request.ip);
      }),
    );
  });
});

test('32 hops are gone back, whatever a header holds', () => {
  const hops = (count: number) => Array.from({ length: count }, (_, index) => `10.0.1.${index % 250}`);
  const way = (count: number) => ['203.0.113.7', ...hops(count)];
  const forwarded = (count: number) => ({
    forwarded: way(count)
      .map((hop) => `for=${hop}`)
      .join(),
  });
  for (const headers of [forwardedFor(...way(31)), forwarded(31)]) {
    expect(addressVia('10.0.0.1', headers)).toBe('203.0.113.7');
  }
  for (const headers of [forwardedFor(...way(32)), forwarded(32)]) {
    expect(addressVia('10.0.0.1', headers)).toBe('10.0.1.0');
  }
});

describe('X-Forwarded-Proto', () => {
  test.each<[string, Headers, boolean]>([
    ['https', { ...forwardedFor('203.0.113.7'), 'x-forwarded-proto': 'https' }, true],
    ['WSS', { ...forwardedFor('203.0.113.7'), 'x-forwarded-proto': 'WSS' }, true],
    ['http', { ...forwardedFor('203.0.113.7'), 'x-forwarded-proto': 'http' }, false],
    [
      'what the client wrote in front of it',
      { ...forwardedFor('203.0.113.7'), 'x-forwarded-proto': 'https, http' },
      false,
    ],
    ['one for each address', { ...forwardedFor('203.0.113.7', '10.1.2.3'), 'x-forwarded-proto': 'https, http' }, true],
    ['without an address', { 'x-forwarded-proto': 'https' }, true],
  ])('%s', (_what, headers, secure) => {
    expect(via('10.0.0.1', headers).peer.secure).toBe(secure);
  });

  test('a proxy that names the scheme alone leaves the address as it is', () => {
    expect(addressVia('10.0.0.1', { 'x-forwarded-proto': 'https' })).toBe('10.0.0.1');
  });

  test('a client that came to its proxy without TLS is not secure, whatever the proxy came with', () => {
    const headers = { ...forwardedFor('203.0.113.7'), 'x-forwarded-proto': 'http' };
    expect(addresses.of(socketFrom('10.0.0.1', true), headers).peer.secure).toBe(false);
    expect(addresses.of(socketFrom('10.0.0.1', true), forwardedFor('203.0.113.7')).peer.secure).toBe(true);
  });
});

describe('Forwarded', () => {
  const forwarded = (text: string): Headers => ({ forwarded: text });

  test.each<[string, Headers, string, boolean]>([
    ['one proxy', forwarded('for=203.0.113.7;proto=https'), '203.0.113.7', true],
    ['over IPv6', forwarded('for="[2001:db8::7]:1234";proto=http'), '2001:db8::7', false],
    ['two proxies', forwarded('for=203.0.113.7;proto=https, for=10.1.2.3;proto=http'), '203.0.113.7', true],
    ['what the client wrote', forwarded('for=10.0.0.9;proto=https, for=203.0.113.7;proto=http'), '203.0.113.7', false],
    ['a hidden client', forwarded('for=_hidden;proto=https'), '', true],
    ['an unknown client', forwarded('for=unknown'), '', false],
    ['the scheme alone', forwarded('proto=https'), '10.0.0.1', true],
    ['a client that is a proxy of ours', forwarded('for=10.0.0.9;proto=https'), '10.0.0.9', true],
  ])('%s', (_what, headers, address, secure) => {
    expect(via('10.0.0.1', headers)).toEqual({ peer: { remoteAddress: address, secure } });
  });

  test('one that breaks the grammar is not believed, and the request refused', () => {
    const { peer, refusal } = via('10.0.0.1', {
      ...forwarded('for=", for=203.0.113.7'),
      ...forwardedFor('203.0.113.7'),
    });
    expect(peer.remoteAddress).toBe('10.0.0.1');
    expect(refusal).toMatchObject({ status: 400, body: 'The Forwarded header is malformed.' });
  });
});

describe('both headers at once', () => {
  const both = (forwarded: string, xForwardedFor: string, scheme?: string) =>
    via('10.0.0.1', { forwarded, 'x-forwarded-for': xForwardedFor, ...(scheme && { 'x-forwarded-proto': scheme }) });

  test.each<[string, string, string, string, string, boolean]>([
    ['that agree', 'for=203.0.113.7;proto=https', '203.0.113.7', 'https', '203.0.113.7', true],
    [
      'that agree in other words',
      'for="[2001:DB8:0::7]:9"',
      '::ffff:10.1.1.1, 2001:db8::7',
      'https',
      '2001:db8::7',
      true,
    ],
    ['that agree but for the scheme', 'for=203.0.113.7;proto=https', '203.0.113.7', 'http', '203.0.113.7', false],
    [
      'one of which sees no further than our proxies',
      'for=10.1.2.3;proto=http',
      '203.0.113.7, 10.1.2.3',
      'https',
      '203.0.113.7',
      true,
    ],
    ['the other of which does', 'for=203.0.113.7;proto=https', '10.1.2.3', 'http', '203.0.113.7', true],
    ['one of which names the scheme alone', 'proto=http', '203.0.113.7', 'https', '203.0.113.7', true],
  ])('%s', (_what, forwarded, xForwardedFor, scheme, address, secure) => {
    expect(both(forwarded, xForwardedFor, scheme)).toEqual({ peer: { remoteAddress: address, secure } });
  });

  test.each([
    ['different clients', 'for=198.51.100.1', '203.0.113.7'],
    ['the other way round', 'for=203.0.113.7', '198.51.100.1'],
    ['a client and a secret', 'for=_hidden', '203.0.113.7'],
    ['a secret and a client', 'for=203.0.113.7', 'unknown'],
  ])('one of them is a lie, and the request refused: %s', (_what, forwarded, xForwardedFor) => {
    const { peer, refusal } = both(forwarded, xForwardedFor);
    expect(peer.remoteAddress).toBe('10.0.0.1');
    expect(refusal).toMatchObject({ status: 400, body: expect.stringContaining('different clients') as string });
  });
});

describe('trustedProxies', () => {
  const trusts = (range: string, proxy: string): boolean =>
    new ClientAddresses([range]).of(socketFrom(proxy), forwardedFor('203.0.113.7')).peer.remoteAddress ===
    '203.0.113.7';

  test.each([
    ['192.0.2.1', '192.0.2.1', '192.0.2.2'],
    ['192.0.2.0/24', '192.0.2.255', '192.0.3.0'],
    ['192.0.2.77/25', '192.0.2.127', '192.0.2.128'],
    ['192.0.2.1/32', '192.0.2.1', '192.0.2.0'],
    ['0.0.0.0/0', '198.51.100.1', '2001:db8::1'],
    ['::ffff:192.0.2.1', '192.0.2.1', '192.0.2.2'],
    ['::ffff:192.0.2.0/120', '192.0.2.255', '192.0.3.0'],
    ['::ffff:10.0.0.0/104', '10.255.0.1', '11.0.0.1'],
    ['::ffff:0:0/96', '198.51.100.1', '2001:db8::1'],
    ['2001:db8::1', '2001:DB8:0::1', '2001:db8::2'],
    ['2001:db8::/32', '2001:db8:ffff::1', '2001:db9::1'],
    ['fc00::/7', 'fd12::1', 'fe80::1'],
    ['::/0', '2001:db8::1', '192.0.2.1'],
    ['192.0.2.0/24', '::ffff:192.0.2.1', '::ffff:192.0.3.1'],
  ])('%s holds %s and not %s', (range, inside, outside) => {
    expect([trusts(range, inside), trusts(range, outside)]).toEqual([true, false]);
  });

  test('no text, however odd, is more than a wrong entry or a wrong header', () => {
    const characters = fc.string({
      unit: fc.constantFrom(...'0123456789af::::...%/-_[]'),
      minLength: 2,
      maxLength: 20,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          characters,
          fc.ipV6(),
          fc.ipV6().map((ip) => `${ip}%br-lan`),
        ),
        (text) => {
          expect(typeof addressVia('10.0.0.1', forwardedFor(text))).toBe('string');
          expect(typeof addressVia('10.0.0.1', { forwarded: `for="[${text}]"` })).toBe('string');
          try {
            new ClientAddresses([text]);
          } catch (error) {
            expect((error as Error).message).toContain('in trustedProxies is no address and no CIDR range');
          }
        },
      ),
    );
  });

  test.each(['10.0.0.0/8', { 0: '10.0.0.0/8' }, new Set(['10.0.0.0/8']), true, 1, null])('%p is no list', (value) => {
    expect(() => new ClientAddresses(value as never)).toThrow(
      new TypeError('trustedProxies must be an array of addresses and CIDR ranges'),
    );
  });

  test.each([1, null, undefined, ['10.0.0.1'], {}])('%p in it is none', (value) => {
    expect(() => new ClientAddresses(['10.0.0.1', value as never])).toThrow(
      new TypeError(`${String(JSON.stringify(value))} in trustedProxies is no address and no CIDR range`),
    );
  });

  test.each([
    'localhost',
    '',
    '10',
    '10/8',
    '10.0.0/8',
    '010.0.0.0/8',
    '10.0.0.0/33',
    '10.0.0.0/',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '10.0.0.0/1e1',
    '10.0.0.0/255.0.0.0',
    '::/129',
    '[::1]',
    'fe80::1%eth0',
    'fe80::1%br-lan',
    ' 10.0.0.1',
    'uniquelocal',
    '::ffff:10.0.0.0/8.0',
    '10.0.0.1:80',
    '*',
  ])('%j is none', (text) => {
    expect(() => new ClientAddresses(['10.0.0.1', text])).toThrow(
      new TypeError(`${JSON.stringify(text)} in trustedProxies is no address and no CIDR range`),
    );
  });
});

describe('a Unix socket', () => {
  test('is trusted where the loopback address is', () => {
    expect(addressVia(undefined, forwardedFor('203.0.113.7'))).toBe('203.0.113.7');
    expect(addressVia(undefined, {})).toBe('');
    expect(new ClientAddresses(['::1']).of(socketFrom(), forwardedFor('203.0.113.7')).peer.remoteAddress).toBe(
      '203.0.113.7',
    );
    expect(new ClientAddresses(['10.0.0.0/8']).of(socketFrom(), forwardedFor('203.0.113.7')).peer.remoteAddress).toBe(
      '',
    );
  });

  describe('is not what a TCP socket is that has no address any more', () => {
    /** A socket that has not been read, with a request in it, and its client. */
    async function accept(): Promise<{ accepted: Socket; client: Socket }> {
      const server = createServer({ pauseOnConnect: true }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const attempt = once(server, 'connection') as Promise<[Socket]>;
      const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
      await once(client, 'connect');
      client.write('GET / HTTP/1.1\r\n\r\n');
      const [accepted] = await attempt;
      accepted.on('error', () => {});
      server.close();
      return { accepted, client };
    }

    const believed = (socket: Socket): string =>
      new ClientAddresses(['::1']).of(socket, forwardedFor('203.0.113.7')).peer.remoteAddress;

    test('because it was cut', async () => {
      const { accepted, client } = await accept();
      accepted.destroy();
      expect(believed(accepted)).toBe('');
      client.destroy();
    });

    test('because its client reset it, whose request is still read', async () => {
      const { accepted, client } = await accept();
      client.resetAndDestroy();
      await once(client, 'close');
      await once(accepted.resume(), 'data');
      expect([accepted.destroyed, accepted.remoteAddress]).toEqual([false, undefined]);
      expect(believed(accepted)).toBe('');
      accepted.destroy();
    });
  });
});

describe('a PROXY header', () => {
  test('names the client of its socket, and of what TLS makes of it', () => {
    const [socket, other] = [socketFrom('10.0.0.1'), socketFrom('10.0.0.1')];
    addresses.announce(socket, '203.0.113.7');
    expect(addresses.atSocket(socket).remoteAddress).toBe('203.0.113.7');
    const secure = Object.assign(socketFrom('10.0.0.1', true), { _parent: socket });
    expect(addresses.atSocket(secure)).toEqual({ remoteAddress: '203.0.113.7', secure: true });
    expect(addresses.atSocket(other).remoteAddress).toBe('10.0.0.1');
  });

  test.each([
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['0:0:0:0:0:ffff:cb00:7107', '203.0.113.7'],
    ['2001:db8:0:0:0:0:0:1', '2001:db8::1'],
  ])('%s is written %s, as everywhere', (written, address) => {
    const socket = socketFrom('10.0.0.1');
    addresses.announce(socket, written);
    expect(addresses.atSocket(socket).remoteAddress).toBe(address);
  });

  test('of a proxy behind it is asked for headers when it is trusted, and of no one else', () => {
    const socket = socketFrom('10.0.0.1');
    addresses.announce(socket, '10.1.2.3');
    expect(addresses.of(socket, forwardedFor('203.0.113.7')).peer.remoteAddress).toBe('203.0.113.7');
    addresses.announce(socket, '198.51.100.1');
    expect(addresses.of(socket, forwardedFor('203.0.113.7')).peer.remoteAddress).toBe('198.51.100.1');
  });
});
