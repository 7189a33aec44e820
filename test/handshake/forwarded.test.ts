import { forwardedHops, xForwardedHops, type Hop } from '../../src/handshake';

const hop = (address: string | undefined, scheme?: string): Hop => ({ address, scheme });

describe('Forwarded (RFC 7239)', () => {
  const hopsIn = (forwarded: string) => forwardedHops({ forwarded });

  test.each<[string, Hop[]]>([
    // section 4 and 7.1
    ['for=192.0.2.43', [hop('192.0.2.43')]],
    ['For="[2001:db8:cafe::17]:4711"', [hop('2001:db8:cafe::17')]],
    ['for=192.0.2.60;proto=http;by=203.0.113.43', [hop('192.0.2.60', 'http')]],
    ['for=192.0.2.43, for=198.51.100.17', [hop('192.0.2.43'), hop('198.51.100.17')]],
    ['for=192.0.2.43,for="[2001:db8:cafe::17]",for=unknown', [hop('192.0.2.43'), hop('2001:db8:cafe::17'), hop('')]],
    ['for=_hidden, for=_SEVKISEK', [hop(''), hop('')]],
    // section 6: ports, which may be hidden too
    ['for="192.0.2.43:47011"', [hop('192.0.2.43')]],
    ['for="192.0.2.43:_port-1.x"', [hop('192.0.2.43')]],
    ['for="[2001:db8::1]:_port"', [hop('2001:db8::1')]],
    // names and schemes in any case, parameters in any order, others among them
    ['PROTO=HTTPS;host="a,b;c";FOR=192.0.2.1;secret=x', [hop('192.0.2.1', 'https')]],
    ['proto=https;by=_proxy', [hop(undefined, 'https')]],
    // what has to be quoted, and is not, as some proxies write it
    ['for=192.0.2.1:80', [hop('192.0.2.1')]],
    ['for=2001:db8::1', [hop('2001:db8::1')]],
    ['for=[2001:db8::1]:80;proto=wss', [hop('2001:db8::1', 'wss')]],
    // RFC 9110 5.6.1: empty elements are skipped
    ['', []],
    [' , ,for=192.0.2.1 ; ;proto=http,\t', [hop('192.0.2.1', 'http')]],
    // quoted pairs
    ['for="192\\.0.2.1"', [hop('192.0.2.1')]],
    ['host="\\",for=192.0.2.9\\\\";for=192.0.2.1', [hop('192.0.2.1')]],
  ])('%s', (text, hops) => {
    expect(hopsIn(text)).toEqual(hops);
  });

  test.each([
    ['a word', 'hidden'],
    ['a host name', 'client.example.com'],
    ['nothing', '""'],
    ['an IPv4 address in brackets', '"[192.0.2.1]"'],
    ['a bracket that does not close', '"[2001:db8::1"'],
    ['more than a port behind the brackets', '"[2001:db8::1]x"'],
    ['a number beyond 255', '192.0.2.256'],
    ['a number with a leading zero', '192.0.02.1'],
    ['one number', '2130706433'],
    ['an address of a zone', '"[fe80::1%eth0]"'],
    ['an address of a zone that has a sign in it', '"[fe80::1%br-lan]"'],
    ['an address of a zone, without brackets', 'fe80::1%br-lan'],
    ['a port of six digits', '"192.0.2.1:123456"'],
    ['a port without digits', '"192.0.2.1:"'],
    ['two ports', '"192.0.2.1:80:80"'],
  ])('an address that cannot be read is as good as hidden: %s', (_what, node) => {
    expect(hopsIn(`for=${node}`)).toEqual([hop('')]);
  });

  test.each([
    ['a quoted string that does not end', 'for="192.0.2.1'],
    ['a client that opens a string for what the proxy adds', 'for=", for=192.0.2.1;proto=https'],
    ['one that lets the quotation mark of the proxy close it', 'for=", for="[2001:db8::1]"'],
    ['one that escapes it', 'for="\\, for="[2001:db8::1]"'],
    ['a quotation mark behind a value', 'for=a"b"'],
    ['something behind a quoted string', 'for="192.0.2.1"x'],
    ['a pair without a name', '=192.0.2.1'],
    ['a pair without an equals sign', 'for'],
    ['a space before the equals sign', 'for =192.0.2.1'],
    ['a name that is no token', 'f(r=192.0.2.1'],
    ['a parameter twice', 'for=192.0.2.1;FOR=192.0.2.2'],
    ['one bad element among good ones', 'for=192.0.2.1, x, for=192.0.2.2'],
  ])('breaks the grammar: %s', (_what, text) => {
    expect(hopsIn(text)).toBeUndefined();
  });

  test('several headers are one list', () => {
    expect(forwardedHops({ forwarded: ['for=192.0.2.1', 'for=192.0.2.2'] })).toEqual([
      hop('192.0.2.1'),
      hop('192.0.2.2'),
    ]);
  });

  test('none, none', () => {
    expect(forwardedHops({ 'x-forwarded-for': '192.0.2.1' })).toEqual([]);
  });

  test('names of an object are names like any other', () => {
    expect(hopsIn('__proto__=a;constructor=b;for=192.0.2.1')).toEqual([hop('192.0.2.1')]);
  });
});

describe('X-Forwarded-For and X-Forwarded-Proto', () => {
  const hopsIn = (addresses?: string, schemes?: string) =>
    xForwardedHops({ 'x-forwarded-for': addresses, 'x-forwarded-proto': schemes });

  test.each<[string | undefined, string | undefined, Hop[]]>([
    [undefined, undefined, []],
    ['', ' , ', []],
    ['192.0.2.1', undefined, [hop('192.0.2.1')]],
    ['192.0.2.1, 2001:db8::1,198.51.100.7', undefined, [hop('192.0.2.1'), hop('2001:db8::1'), hop('198.51.100.7')]],
    [
      '192.0.2.1:1234, [2001:db8::1]:80, [2001:db8::2]',
      undefined,
      [hop('192.0.2.1'), hop('2001:db8::1'), hop('2001:db8::2')],
    ],
    ['unknown, <script>, "192.0.2.1", unix:', undefined, [hop(''), hop(''), hop(''), hop('')]],
    ['fe80::1%br-lan, [fe80::1%eth0]:80', undefined, [hop(''), hop('')]],
    // as many schemes as addresses: each its own; else what the nearest proxy wrote
    ['192.0.2.1, 192.0.2.2', 'HTTPS, http', [hop('192.0.2.1', 'https'), hop('192.0.2.2', 'http')]],
    ['192.0.2.1, 192.0.2.2', 'wss', [hop('192.0.2.1', 'wss'), hop('192.0.2.2', 'wss')]],
    ['192.0.2.1', 'https, http', [hop('192.0.2.1', 'http')]],
    // a proxy that writes no address
    [undefined, 'http, https', [hop(undefined, 'https')]],
  ])('%s with %s', (addresses, schemes, hops) => {
    expect(hopsIn(addresses, schemes)).toEqual(hops);
  });
});

describe('headers without end are read once', () => {
  // what grows with the square of the length would take hours for these
  const MANY = 2_000_000;

  test.each<[string, string, number | undefined]>([
    ['commas', ','.repeat(MANY), 0],
    ['spaces', ' '.repeat(MANY), 0],
    ['spaces before what is no pair', `${' '.repeat(MANY)}x`, undefined],
    ['semicolons', ';'.repeat(MANY), 1],
    ['escaped quotes', `for="${'\\"'.repeat(MANY)}"`, 1],
    ['escaped quotes that do not end', `for="${'\\"'.repeat(MANY)}`, undefined],
    ['quotes', '"'.repeat(MANY), undefined],
    ['backslashes', `for="${'\\'.repeat(MANY)}`, undefined],
    ['equals signs', `a${'='.repeat(MANY)}`, 1],
    ['brackets', `for=${'['.repeat(MANY)}`, 1],
    ['colons', `for=${':'.repeat(MANY)}`, 1],
    ['digits of a port', `for="192.0.2.1:${'1'.repeat(MANY)}`, undefined],
  ])('Forwarded: %s', (_what, forwarded, count) => {
    expect(forwardedHops({ forwarded })?.length).toBe(count);
  });

  test.each<[string, string, number]>([
    ['commas', ','.repeat(MANY), 0],
    ['spaces', `${' '.repeat(MANY)}x${' '.repeat(MANY)}`, 1],
    ['brackets', '['.repeat(MANY), 1],
    ['colons', `1${':'.repeat(MANY)}`, 1],
    ['words behind a port', `192.0.2.1:_${'a.'.repeat(MANY)}!`, 1],
  ])('X-Forwarded-For: %s', (_what, text, count) => {
    expect(xForwardedHops({ 'x-forwarded-for': text, 'x-forwarded-proto': text })).toHaveLength(count);
  });
});
