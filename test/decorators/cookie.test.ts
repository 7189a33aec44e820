import fc from 'fast-check';
import { Cookie, OnMessage, OnOpen, OnUpgrade, WebSocketPath } from '../../src';
import { start } from '../support/app';
import { Http2Client } from '../support/http2-client';
import { bootErrorOf, serve } from '../support/serve';

@WebSocketPath('/')
class Pages {
  @OnUpgrade()
  enter(@Cookie('sid') sid?: string) {
    return { headers: { 'X-Sid': String(sid) } };
  }

  @OnOpen()
  open(
    @Cookie('sid') sid?: string,
    @Cookie('__proto__') proto?: string,
    @Cookie('constructor') constructor?: string,
    @Cookie('a.b') dotted?: string,
    @Cookie('visits') visits: number = 0,
    @Cookie('dark') dark?: boolean,
  ): unknown {
    return { sid, proto, constructor, dotted, visits, dark };
  }

  @OnMessage('sid')
  sid(@Cookie('sid') sid: string): string {
    return sid;
  }
}

async function opened(cookie: string | undefined): Promise<unknown> {
  const app = await serve([Pages]);
  const client = await app.connect('/', { headers: cookie === undefined ? {} : { cookie } });
  return JSON.parse((await client.receive()) as string);
}

test.each<[string | undefined, object]>([
  [undefined, {}],
  ['', {}],
  ['sid=1', { sid: '1' }],
  ['theme=x; sid=1; lang=de', { sid: '1' }],
  ['theme=x;sid=1;lang=de', { sid: '1' }],
  ['theme=x;\tsid\t=\t1\t;lang=de', { sid: '1' }],
  ['sid=', { sid: '' }],
  ['sid', {}],
  ['sid; x=2', {}],
  ['=1', {}],
  ['xsid=1', {}],
  ['sid2=1', {}],
  ['SID=1', {}],
  ['x=sid=1', {}],
  ['sid=a=b=c', { sid: 'a=b=c' }],
  // the first of equal names
  ['sid=1; sid=2', { sid: '1' }],
  ['sid=; sid=2', { sid: '' }],
  ['sid="a b"', { sid: 'a b' }],
  ['sid="%22"', { sid: '"' }],
  ['sid=""', { sid: '' }],
  ['sid="', { sid: '"' }],
  ['sid="a', { sid: '"a' }],
  // a quoted value ends at a semicolon too
  ['sid="a;b"', { sid: '"a' }],
  ['sid=%C3%A4%3B%20b', { sid: 'ä; b' }],
  ['sid=100%', { sid: '100%' }],
  ['sid=%E4%20', { sid: '%E4%20' }],
  ['sid=a+b', { sid: 'a+b' }],
  ['__proto__=p; constructor=c', { proto: 'p', constructor: 'c' }],
  ['axb=1', {}],
  ['a.b=1', { dotted: '1' }],
  ['visits=4; dark=1', { visits: 4, dark: true }],
])('%j', async (cookie, found) => {
  expect(await opened(cookie)).toEqual({ visits: 0, ...found });
});

test('it is there before the handshake is answered, and for each message', async () => {
  const app = await serve([Pages]);
  const client = await app.connect('/', { headers: { cookie: 'sid=7' } });
  await client.receive();
  expect(await client.request('sid')).toBe('7');
});

test.each([
  ['visits=many', 'The cookie visits must be a number.'],
  ['visits=', 'The cookie visits must be a number.'],
  ['dark=perhaps', 'The cookie dark must be a boolean.'],
])('%s is refused with 400', async (cookie, body) => {
  const app = await serve([Pages]);
  expect(await app.refusal('/', { headers: { cookie } })).toMatchObject({ status: 400, body });
});

test('several Cookie headers over HTTP/2 (RFC 9113 section 8.2.3) are one', async () => {
  const app = await start([Pages], { http2: true });
  const client = await Http2Client.connect(app.url);
  const { headers } = await client.connect('/', { cookie: ['theme=x', 'sid=1', 'sid=2'] });
  expect(headers['x-sid']).toBe('1');
});

test('what a browser would send is found', async () => {
  const octets = fc.string({ unit: fc.constantFrom(...'abcXYZ09!#$&()*+-./:<=>?@[]^_`{|}~') });
  const pair = fc.tuple(fc.constantFrom('a', 'sid', 'b.c', 'sidsid'), octets);
  const app = await serve([Pages]);
  await fc.assert(
    fc.asyncProperty(fc.array(pair), async (pairs) => {
      const cookie = pairs.map(([name, value]) => `${name}=${value}`).join('; ');
      const client = await app.connect('/', { headers: { cookie } });
      const { sid } = JSON.parse((await client.receive()) as string) as { sid?: string };
      expect(sid).toBe(pairs.find(([name]) => name === 'sid')?.[1]);
      await client.close();
    }),
    { numRuns: 50 },
  );
});

test('a cookie is no list', async () => {
  @WebSocketPath('/')
  class Lists {
    @OnOpen()
    open(@Cookie('tags') tags: string[]): unknown {
      return tags;
    }
  }
  expect(await bootErrorOf([Lists])).toBe(
    'Lists.open, parameter 1 (tags): a cookie tags is a string, a number or a boolean, not Array.',
  );
});
