import 'reflect-metadata';
import { OnMessage, OnUpgrade, WebSocketPath, type Application, type PortalOptions } from '../../src';
import { start } from '../support/app';
import { text } from '../support/frames';
import { Http2Client } from '../support/http2-client';
import { RawClient } from '../support/raw-client';

/** Hooks that a refused page must not reach. */
const asked: string[] = [];

@WebSocketPath('/')
class Chat {
  @OnUpgrade()
  upgrade() {
    asked.push('/');
  }

  @OnMessage()
  text(message: string) {
    return message;
  }
}

@WebSocketPath('/own', { origins: ['https://own.com'] })
class Own extends Chat {}

const serve = (options: PortalOptions = {}) => start([Chat, Own], { http2: true, ...options });

/** The status of a page's handshake, with each of `origins` in a header of its own. */
type Ask = (app: Application, origins: string[], path?: string, host?: string) => Promise<number>;

const overHttp1: Ask = async (app, origins, path = '/', host = 'good.com:8080') => {
  const client = await RawClient.connect(app.url);
  // names in different case make separate headers
  const headers = origins.map((origin, index): [string, string] => [index === 0 ? 'Origin' : 'ORIGIN', origin]);
  client.upgrade(path, { Host: host, ...Object.fromEntries(headers) });
  const { status } = await client.answer();
  if (status === 101) {
    client.write(text('let in'));
    expect((await client.frame()).payload.toString()).toBe('let in');
  } else expect(await client.end()).toHaveLength(0);
  client.destroy();
  return status;
};

const overHttp2: Ask = async (app, origins, path = '/', host = 'good.com:8080') => {
  const client = await Http2Client.connect(app.url);
  // Node sends a header for each item, though its types do not say so
  const { status } = await client.connect(path, { ':authority': host, origin: origins as never });
  client.destroy();
  // RFC 8441 section 5: 200 in place of HTTP/1.1's 101
  return status === 200 ? 101 : status;
};

const LISTED: PortalOptions = { origins: ['https://good.com', 'https://*.better.com'] };

/** Origins that every rule refuses. */
const FOREIGN: string[][] = [
  ['https://evil.com'],
  ['https://good.com.evil'],
  ['https://evil.com:8080'],
  ['https://evilgood.com'],
  ['https://sub.good.com'],
  ['https://good.com.'],
  ['https://good.com@evil.com'],
  ['https://good.com:8080@evil.com'],
  ['https://evil.com@good.com'],
  ['https://evil.com#good.com'],
  ['https://evil.com/.good.com'],
  ['https://evil.com\\.good.com'],
  ['https://better.com.evil.com'],
  ['https://evilbetter.com'],
  ['https://a.b@c.better.com'],
  ['https://evil.com/a.better.com'],
  ['https://evil.com?.better.com'],
  ['ftp://good.com'],
  ['file://'],
  ['good.com'],
  ['*'],
  ['null'],
  ['undefined'],
  ['null', 'https://good.com'],
  ['https://good.com', 'https://evil.com'],
  ['https://evil.com', 'https://good.com'],
  ['https://good.com', 'https://good.com'],
];

/** Origins of the same host: accepted by default, and refused by a list without them. */
const OF_THE_HOST = ['http://good.com', 'https://good.com:8443', 'https://GOOD.com', 'HTTPS://good.com'];

describe.each<[string, Ask]>([
  ['HTTP/1.1', overHttp1],
  ['HTTP/2', overHttp2],
])('over %s', (_transport, ask) => {
  beforeEach(() => asked.splice(0));

  describe.each<[string, PortalOptions, string[][], string[]]>([
    ['without a setting', {}, FOREIGN, ['https://good.com', ...OF_THE_HOST]],
    [
      'with listed origins',
      LISTED,
      [...FOREIGN, ...OF_THE_HOST.map((origin) => [origin])],
      ['https://good.com', 'https://a.better.com', 'https://a.b.better.com'],
    ],
  ])('%s', (_rule, options, foreign, own) => {
    test('foreign pages get 403, reach no hook, and have a line in the log', async () => {
      const app = await serve(options);
      for (const origins of foreign) {
        const told = app.log.lines.length;
        expect([origins, await ask(app, origins)]).toEqual([origins, 403]);
        const line = app.log.lines.slice(told);
        expect(line).toHaveLength(1);
        expect(line[0]).toMatch(/This origin may not connect\./);
      }
      expect(asked).toEqual([]);
      expect(app.connections.size).toBe(0);
    });

    test('own pages, and clients without an origin, are accepted', async () => {
      const app = await serve(options);
      for (const origins of [...own.map((origin) => [origin]), []]) {
        expect([origins, await ask(app, origins)]).toEqual([origins, 101]);
      }
      expect(app.log.lines.filter((line) => line.includes('origin'))).toEqual([]);
    });
  });

  test.each(['https://evil.com', 'http://good.com.evil:8080', 'https://[2001:db8::1]:8443'])(
    'the log says how to allow %s, and that works',
    async (origin) => {
      const app = await serve();
      expect(await ask(app, [origin])).toBe(403);
      const [line] = app.log.lines;
      expect(line).toBe(`warn This origin may not connect. To allow it, list it: origins: ["${origin}"]`);
      const [, listed] = /origins: (\[.*\])$/.exec(line!)!;
      const allowing = await serve({ origins: JSON.parse(listed!) as string[] });
      expect(await ask(allowing, [origin])).toBe(101);
    },
  );

  test.each(['null', 'https://good.com@evil.com', 'https://evil.com"], "x', 'javascript:alert(1)'])(
    'the log does not offer to allow %s, which is not an origin',
    async (origin) => {
      const app = await serve();
      expect(await ask(app, [origin])).toBe(403);
      expect(app.log.lines).toEqual(['warn handshake refused: This origin may not connect.']);
    },
  );

  test('the list of a path replaces all others, for that path alone', async () => {
    const app = await serve(LISTED);
    expect(await ask(app, ['https://own.com'], '/own')).toBe(101);
    expect(await ask(app, ['https://good.com'], '/own')).toBe(403);
    expect(await ask(app, ['https://own.com'], '/')).toBe(403);
    expect(asked).toEqual(['/']);
  });

  test('the host of a page is compared with the whole host of the request', async () => {
    const app = await serve();
    expect(await ask(app, ['https://evil.com'], '/', 'evil.com.good.com')).toBe(403);
    expect(await ask(app, ['https://evil.com'], '/', 'evil.com')).toBe(101);
  });
});

describe.each([
  ['HTTP/1.1', overHttp1],
  ['HTTP/2', overHttp2],
] as const)('a function, over %s', (_name, ask) => {
  const later = <T>(value: T) => new Promise<T>((resolve) => setImmediate(resolve, value));

  test.each([
    ['true at once', () => true, 101],
    ['true later', () => later(true), 101],
    ['false at once', () => false, 403],
    ['false later', () => later(false), 403],
    ['nothing later', () => later(undefined), 403],
    ['what is merely truthy', () => ['good.com'], 403],
    ['what is merely truthy, later', () => later('https://good.com'), 403],
    ['an object', () => ({}), 403],
    ['a thenable', () => ({ then: (done: (value: boolean) => void) => done(true) }), 101],
    ['a failure', () => Promise.reject(new Error('no')), 500],
  ])('%s', async (_what, rule, status) => {
    asked.length = 0;
    const app = await serve({ origins: rule as never });
    expect(await ask(app, ['https://good.com'])).toBe(status);
    expect(asked).toEqual(status === 101 ? ['/'] : []);
  });
});

test('an asynchronous function has as much time as an upgrade hook, and counts as a connection meanwhile', async () => {
  const app = await serve({
    origins: () => new Promise<boolean>(() => {}),
    limits: { handshakeTimeoutMs: 200, maxConnections: 1 },
  });
  const first = overHttp1(app, ['https://good.com']);
  const second = await overHttp1(app, ['https://good.com']);
  expect([await first, second].sort()).toEqual([408, 503]);
});
