import { originRule, type Origins } from '../../src/handshake';

const allows = (origins: Origins | undefined, origin: string | undefined, host = 'app.example.com'): unknown =>
  originRule(origins)(origin, host, {});

describe('without a setting: the same host name, ports aside (RFC 6455 10.2)', () => {
  test.each([
    ['https://app.example.com', 'app.example.com'],
    ['http://app.example.com', 'app.example.com'],
    ['https://app.example.com:8443', 'app.example.com'],
    ['https://app.example.com', 'app.example.com:5005'],
    ['http://localhost:3000', 'localhost:5005'],
    ['http://127.0.0.1:3000', '127.0.0.1:5005'],
    ['http://[::1]:3000', '[::1]:5005'],
    ['http://[0:0:0:0:0:0:0:1]', '[::1]'],
    ['HTTPS://APP.Example.COM', 'app.example.com'],
    ['https://app.example.com', 'APP.EXAMPLE.COM'],
  ])('%s may connect to %s', (origin, host) => {
    expect(allows(undefined, origin, host)).toBe(true);
  });

  test.each([
    ['https://evil.com', 'app.example.com'],
    ['https://example.com', 'app.example.com'],
    ['https://app.example.com.evil.com', 'app.example.com'],
    ['https://evil-app.example.com', 'app.example.com'],
    ['https://sub.app.example.com', 'app.example.com'],
    ['null', 'app.example.com'],
    ['null', 'null'],
    ['', 'app.example.com'],
    ['app.example.com', 'app.example.com'],
    ['//app.example.com', 'app.example.com'],
    ['ftp://app.example.com', 'app.example.com'],
    ['file://', 'app.example.com'],
    ['https://app.example.com, https://app.example.com', 'app.example.com'],
    ['https://app.example.com,https://evil.com', 'app.example.com'],
    ['https://app.example.com https://evil.com', 'app.example.com'],
    ['https://app.example.com/', 'app.example.com'],
    ['https://app.example.com/path', 'app.example.com'],
    ['https://app.example.com?', 'app.example.com'],
    ['https://app.example.com#', 'app.example.com'],
    ['https://app.example.com\\', 'app.example.com'],
    ['https://evil.com\\@app.example.com', 'app.example.com'],
    ['https://evil.com@app.example.com', 'app.example.com'],
    ['https://app.example.com@evil.com', 'app.example.com'],
    [' https://app.example.com', 'app.example.com'],
    ['https://app.example.com ', 'app.example.com'],
    ['https://app.example.com:99999', 'app.example.com'],
    ['https://app.example.com:', 'evil.com'],
    ['https://', 'app.example.com'],
    ['https://app.example.com', ''],
    ['https://app.example.com', 'evil.com@app.example.com'],
    ['https://app.example.com', 'app.example.com, evil.com'],
    ['https://app.example.com', 'app.example.com/evil.com'],
    ['http://127.0.0.1', 'localhost'],
  ])('%s may not connect to %s', (origin, host) => {
    expect(allows(undefined, origin, host)).toBe(false);
  });

  test('a page may not connect where the request names no host', () => {
    expect(originRule(undefined)('https://app.example.com', undefined, {})).toBe(false);
  });
});

describe('a list of origins replaces that rule, and is exact', () => {
  const listed = ['https://good.com', 'http://localhost:3000', 'chrome-extension://abcdef'];

  test.each(listed)('%s may connect', (origin) => {
    expect(allows(listed, origin)).toBe(true);
  });

  test.each([
    'https://evil.com',
    'https://good.com.evil.com',
    'https://evil.com/https://good.com',
    'https://good.com:8443',
    'http://good.com',
    'https://sub.good.com',
    'https://GOOD.com',
    'https://good.com/',
    'https://good.com, https://good.com',
    'https://app.example.com',
    'null',
    '',
    'constructor',
    '__proto__',
  ])('%j may not', (origin) => {
    expect(allows(listed, origin)).toBe(false);
  });

  test('an empty list lets no page in', () => {
    expect(allows([], 'https://app.example.com')).toBe(false);
  });
});

describe('origins without a host can be listed, since frames and files send them', () => {
  test.each([
    ['null', 'null'],
    ['file://', 'file://'],
    ['capacitor://localhost', 'capacitor://localhost'],
    ['app://.', 'app://.'],
    ['tauri://localhost', 'tauri://localhost'],
    ['vscode-webview://abc', 'vscode-webview://abc'],
  ])('%s lets in %s, and nobody else', (entry, origin) => {
    expect(allows([entry], origin)).toBe(true);
    for (const other of ['null', 'file://', 'https://app.example.com', 'NULL', 'file:', 'file:///etc'])
      if (other !== origin) expect(allows([entry], other)).toBe(false);
  });

  test.each(['file:///', 'file:', 'file:///home/me/index.html', 'FILE://'])('%s is not what they send', (entry) => {
    expect(() => originRule([entry])).toThrow(TypeError);
  });

  test('file:/// is taken for file://', () => {
    expect(() => originRule(['file:///'])).toThrow('"file:///" in origins is no origin: did you mean file://?');
  });
});

describe('a pattern must match the whole origin', () => {
  test.each<[RegExp, string]>([
    [/https:\/\/(\w+\.)?good\.com/, 'https://sub.good.com'],
    [/^https:\/\/good\.com$/, 'https://good.com'],
    [/https:\/\/a\.com|https:\/\/b\.com/, 'https://b.com'],
    [/HTTPS:\/\/GOOD\.COM/i, 'https://good.com'],
    [/https:\/\/good\.com/g, 'https://good.com'],
    [/https:\/\/good\.com/y, 'https://good.com'],
    [/null/, 'null'],
  ])('%s lets %s in, each time', (pattern, origin) => {
    const rule = originRule([pattern]);
    for (let time = 0; time < 3; time++) expect(rule(origin, 'app.example.com', {})).toBe(true);
  });

  test.each<[RegExp, string]>([
    [/https:\/\/good\.com/, 'https://good.com.evil.com'],
    [/https:\/\/good\.com/, 'https://evil.com/https://good.com'],
    [/https:\/\/a\.com|https:\/\/b\.com/, 'https://a.com.evil.com'],
    [/https:\/\/a\.com|https:\/\/b\.com/, 'evil://https://b.com'],
    [/https:\/\/good\.com/, 'HTTPS://GOOD.COM'],
  ])('%s keeps %s out', (pattern, origin) => {
    expect(allows([pattern], origin)).toBe(false);
  });

  test('beside strings', () => {
    const mixed = ['https://a.com', /https:\/\/\w\.b\.com/];
    expect(['https://a.com', 'https://x.b.com', 'https://b.com'].map((origin) => allows(mixed, origin))).toEqual([
      true,
      true,
      false,
    ]);
  });
});

describe('a listed string that is no origin is refused at boot, with the one probably meant', () => {
  test.each([
    ['https://good.com/', 'did you mean https://good.com?'],
    ['https://good.com/path', 'did you mean https://good.com?'],
    ['https://good.com:443', 'did you mean https://good.com?'],
    ['HTTPS://Good.com', 'did you mean https://good.com?'],
    ['https://user@good.com', 'did you mean https://good.com?'],
    ['good.com', 'write it like https://app.example.com'],
    ['', 'write it like https://app.example.com'],
    ['*', 'write it like https://app.example.com'],
    ['https://', 'write it like https://app.example.com'],
    ['localhost:3000', 'write it like https://app.example.com'],
    ['good.com:8443', 'write it like https://app.example.com'],
  ])('%j: %s', (entry, hint) => {
    expect(() => originRule([entry])).toThrow(TypeError);
    expect(() => originRule([entry])).toThrow(`${JSON.stringify(entry)} in origins is no origin: ${hint}`);
  });
});

test("'*' lets everyone in", () => {
  expect(['https://evil.com', 'null', '', undefined].map((origin) => allows('*', origin))).toEqual(Array(4).fill(true));
});

test('who sends no Origin is no page, and passes all rules but a function', () => {
  expect(allows(undefined, undefined)).toBe(true);
  expect(allows([], undefined)).toBe(true);
  expect(allows([/x/], undefined)).toBe(true);
  expect(allows((origin) => origin !== undefined, undefined)).toBe(false);
});

test('a function decides by the origin and the request', () => {
  const request = { url: '/' };
  const seen: unknown[] = [];
  const rule = originRule<object>((...given) => seen.push(given) === 1);
  expect(rule('https://a.com', 'b.com', request)).toBe(true);
  expect(rule(undefined, 'b.com', request)).toBe(false);
  expect(seen).toEqual([
    ['https://a.com', request],
    [undefined, request],
  ]);
});

test.each([
  ['32,000 spaces', ' '.repeat(32_000)],
  ['32,000 spaces in a host', `https://${' '.repeat(32_000)}`],
  ['8,000 commas', `https://app.example.com${','.repeat(8_000)}`],
  ['8,000 colons', `https://app.example.com${':'.repeat(8_000)}`],
  ['8,000 at signs', `https://${'@'.repeat(8_000)}app.example.com`],
  ['8,000 dots', `https://${'.'.repeat(8_000)}app.example.com`],
  ['32,000 letters', `https://${'a'.repeat(32_000)}`],
])('%s are no origin of ours', (_what, origin) => {
  expect(allows(undefined, origin)).toBe(false);
  expect(allows(['https://app.example.com', /https:\/\/\w+\.example\.com/], origin)).toBe(false);
  expect(allows(undefined, 'https://app.example.com', origin)).toBe(false);
});

describe('an asterisk stands for the labels before a host', () => {
  const listed = ['https://*.good.com', 'http://*.dev.test:3000'];

  test.each(['https://app.good.com', 'https://a.b.good.com', 'https://x_1-y.good.com', 'http://a.dev.test:3000'])(
    '%s may connect',
    (origin) => {
      expect(allows(listed, origin)).toBe(true);
    },
  );

  test.each([
    'https://good.com',
    'https://.good.com',
    'https://evilgood.com',
    'https://app.good.com.evil.com',
    'https://evil.com/.good.com',
    'https://evil.com#.good.com',
    'https://evil.com\\.good.com',
    'https://evil.com:443@app.good.com',
    'https://appxgoodycom',
    'https://app.good.com:8443',
    'https://app.good.com\n',
    'http://app.good.com',
    'http://a.dev.test',
    'https://*.good.com',
    'https://good.com, https://app.good.com',
  ])('%j may not', (origin) => {
    expect(allows(listed, origin)).toBe(false);
  });

  test.each([
    'https://*',
    'https://*.',
    'https://app.*.com',
    'https://*.*.com',
    '*.good.com',
    'https://*.good.com/',
    'https://a*.good.com',
  ])('%j is refused at boot', (entry) => {
    expect(() => originRule([entry])).toThrow(/in origins/);
  });
});
