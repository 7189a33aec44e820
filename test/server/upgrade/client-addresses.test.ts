import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import express, { type Request } from 'express';
import fc from 'fast-check';
import { Engine } from '../../../src/engine';
import { ClientAddresses } from '../../../src/server/upgrade/client-addresses';
import { MemorySocket } from '../../../src/testing/memory-socket';
import { LOCALHOST } from '../../support/certificates';
import { echo, startEngine } from '../../support/engine';
import { behind, dial, told, who } from '../../support/layers';
import { v1 } from '../../support/proxy-headers';
import { RawClient } from '../../support/raw-client';
import { dialTls } from '../../support/tls-client';

type Headers = Record<string, string>;

/** What an engine takes a client for. */
interface Client {
  readonly remoteAddress: string;
  readonly secure: boolean;
  /** The answer, where the handshake is refused. */
  readonly refusal?: string;
}

const engines = new Set<Engine>();

afterAll(async () => {
  for (const engine of engines) await engine.close();
});

/** Asks an engine that trusts these proxies over streams from an address; from a Unix socket, where it is undefined. */
function trusting(trustedProxies?: string[]): (from: string | undefined, headers: Headers) => Promise<Client> {
  const clients: Client[] = [];
  const engine = new Engine({
    trustedProxies,
    heartbeat: false,
    observer: { arrived: ({ remoteAddress, secure }) => void clients.push({ remoteAddress, secure }) },
  });
  engine.add(echo);
  engines.add(engine);
  return async (remoteAddress, headers) => {
    const [ours, theirs] = MemorySocket.pair();
    engine.serve(Object.defineProperty(theirs, 'remoteAddress', { value: remoteAddress }));
    const client = RawClient.over(ours);
    // a header that is empty is one all the same
    client.upgrade('/', Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, value || ' '])));
    const { status, body } = await client.answer();
    client.destroy();
    return { ...clients.pop()!, ...(status !== 101 && { refusal: body }) };
  };
}

const TRUSTED = ['127.0.0.1', '10.0.0.0/8', '2001:db8:1::/48'];
const via = trusting(TRUSTED);
const viaNobody = trusting();

const addressVia = async (proxy: string | undefined, headers: Headers): Promise<string> =>
  (await via(proxy, headers)).remoteAddress;
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
])('a socket from %s is one from %s', async (written, address) => {
  expect(await viaNobody(written, {})).toEqual({ remoteAddress: address, secure: false });
});

test('a header counts for nothing where no proxy is trusted, or another', async () => {
  const headers = {
    ...forwardedFor('203.0.113.7'),
    'x-forwarded-proto': 'https',
    forwarded: 'for=203.0.113.7;proto=https',
  };
  const direct = { remoteAddress: '192.0.2.1', secure: false };
  expect(await viaNobody('192.0.2.1', headers)).toEqual(direct);
  expect(await via('192.0.2.1', headers)).toEqual(direct);
  expect(await via('192.0.2.1', { forwarded: '"' })).toEqual(direct);
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
  ])('%s', async (_what, headers, address) => {
    expect(await via('10.0.0.1', headers)).toEqual({ remoteAddress: address, secure: false });
  });

  test('names the same client as in Express', async () => {
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
    await fc.assert(
      fc.asyncProperty(address, fc.array(address, { maxLength: 5 }), async (proxy, addresses) => {
        const headers = addresses.length > 0 ? forwardedFor(...addresses) : {};
        const request = Object.assign(Object.create(app.request) as Request, {
          app,
          headers,
          socket: { remoteAddress: proxy },
        });
        expect(await addressVia(proxy, headers)).toBe(request.ip);
      }),
    );
  });
});

test('32 hops are gone back, whatever a header holds', async () => {
  const hops = (count: number) => Array.from({ length: count }, (_, index) => `10.0.1.${index % 250}`);
  const way = (count: number) => ['203.0.113.7', ...hops(count)];
  const forwarded = (count: number) => ({
    forwarded: way(count)
      .map((hop) => `for=${hop}`)
      .join(),
  });
  for (const headers of [forwardedFor(...way(31)), forwarded(31)]) {
    expect(await addressVia('10.0.0.1', headers)).toBe('203.0.113.7');
  }
  for (const headers of [forwardedFor(...way(32)), forwarded(32)]) {
    expect(await addressVia('10.0.0.1', headers)).toBe('10.0.1.0');
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
  ])('%s', async (_what, headers, secure) => {
    expect(await via('10.0.0.1', headers)).toMatchObject({ secure });
  });

  test('a proxy that names the scheme alone leaves the address as it is', async () => {
    expect(await addressVia('10.0.0.1', { 'x-forwarded-proto': 'https' })).toBe('10.0.0.1');
  });

  test('a client that came to its proxy without TLS is not secure, whatever the proxy came with', async () => {
    const engine = await startEngine([who], { tls: LOCALHOST, trustedProxies: ['127.0.0.1'] });
    const overTls = async (headers: Headers) => {
      const client = RawClient.over(await dialTls(engine));
      client.upgrade('/', headers);
      await client.answer();
      return told(client);
    };
    const headers = { ...forwardedFor('203.0.113.7'), 'x-forwarded-proto': 'http' };
    expect(await overTls(headers)).toMatchObject({ remoteAddress: '203.0.113.7', secure: false });
    expect(await overTls(forwardedFor('203.0.113.7'))).toMatchObject({ remoteAddress: '203.0.113.7', secure: true });
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
  ])('%s', async (_what, headers, address, secure) => {
    expect(await via('10.0.0.1', headers)).toEqual({ remoteAddress: address, secure });
  });

  test('one that breaks the grammar is not believed, and the request refused', async () => {
    const client = await via('10.0.0.1', {
      ...forwarded('for=", for=203.0.113.7'),
      ...forwardedFor('203.0.113.7'),
    });
    expect(client).toMatchObject({ remoteAddress: '10.0.0.1', refusal: 'The Forwarded header is malformed.' });
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
  ])('%s', async (_what, forwarded, xForwardedFor, scheme, address, secure) => {
    expect(await both(forwarded, xForwardedFor, scheme)).toEqual({ remoteAddress: address, secure });
  });

  test.each([
    ['different clients', 'for=198.51.100.1', '203.0.113.7'],
    ['the other way round', 'for=203.0.113.7', '198.51.100.1'],
    ['a client and a secret', 'for=_hidden', '203.0.113.7'],
    ['a secret and a client', 'for=203.0.113.7', 'unknown'],
  ])('one of them is a lie, and the request refused: %s', async (_what, forwarded, xForwardedFor) => {
    const { remoteAddress, refusal } = await both(forwarded, xForwardedFor);
    expect(remoteAddress).toBe('10.0.0.1');
    expect(refusal).toContain('different clients');
  });
});

describe('trustedProxies', () => {
  const trusts = async (range: string, proxy: string): Promise<boolean> =>
    (await trusting([range])(proxy, forwardedFor('203.0.113.7'))).remoteAddress === '203.0.113.7';

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
  ])('%s holds %s and not %s', async (range, inside, outside) => {
    expect([await trusts(range, inside), await trusts(range, outside)]).toEqual([true, false]);
  });

  test('no text, however odd, is more than a wrong entry or a wrong header', async () => {
    const characters = fc.string({
      unit: fc.constantFrom(...'0123456789af::::...%/-_[]'),
      minLength: 2,
      maxLength: 20,
    });
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          characters,
          fc.ipV6(),
          fc.ipV6().map((ip) => `${ip}%br-lan`),
        ),
        async (text) => {
          expect(typeof (await addressVia('10.0.0.1', forwardedFor(text)))).toBe('string');
          expect(typeof (await addressVia('10.0.0.1', { forwarded: `for="[${text}]"` }))).toBe('string');
          try {
            new Engine({ trustedProxies: [text] });
          } catch (error) {
            expect((error as Error).message).toContain('in trustedProxies is no address and no CIDR range');
          }
        },
      ),
    );
  });

  test.each(['10.0.0.0/8', { 0: '10.0.0.0/8' }, new Set(['10.0.0.0/8']), true, 1, null])('%p is no list', (value) => {
    expect(() => new Engine({ trustedProxies: value as never })).toThrow(
      new TypeError('trustedProxies must be an array of addresses and CIDR ranges'),
    );
  });

  test.each([1, null, undefined, ['10.0.0.1'], {}])('%p in it is none', (value) => {
    expect(() => new Engine({ trustedProxies: ['10.0.0.1', value as never] })).toThrow(
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
    expect(() => new Engine({ trustedProxies: ['10.0.0.1', text] })).toThrow(
      new TypeError(`${JSON.stringify(text)} in trustedProxies is no address and no CIDR range`),
    );
  });
});

describe('a Unix socket', () => {
  test('is trusted where the loopback address is', async () => {
    const headers = forwardedFor('203.0.113.7');
    expect(await addressVia(undefined, headers)).toBe('203.0.113.7');
    expect(await addressVia(undefined, {})).toBe('');
    expect((await trusting(['::1'])(undefined, headers)).remoteAddress).toBe('203.0.113.7');
    expect((await trusting(['10.0.0.0/8'])(undefined, headers)).remoteAddress).toBe('');
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
  const asked = async (header: string, headers: Headers) => {
    const engine = await startEngine([who], { proxyProtocol: true, trustedProxies: TRUSTED });
    const client = RawClient.over(behind(header, await dial(engine)));
    client.upgrade('/', headers);
    await client.answer();
    return (await told(client)).remoteAddress;
  };

  test.each([
    ['::ffff:203.0.113.7', '203.0.113.7'],
    ['0:0:0:0:0:ffff:cb00:7107', '203.0.113.7'],
    ['2001:db8:0:0:0:0:0:1', '2001:db8::1'],
  ])('%s is written %s, as everywhere', async (written, address) => {
    expect(await asked(v1(written), {})).toBe(address);
  });

  test('of a proxy behind it is asked for headers when it is trusted, and of no one else', async () => {
    expect(await asked(v1('10.1.2.3'), forwardedFor('203.0.113.7'))).toBe('203.0.113.7');
    expect(await asked(v1('198.51.100.1'), forwardedFor('203.0.113.7'))).toBe('198.51.100.1');
  });
});
