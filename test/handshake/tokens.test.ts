import fc from 'fast-check';
import { isToken, isTokenCharacter, listHasToken, parseTokenList } from '../../src/handshake/tokens';
import { holds } from '../protocol/support';

const TCHAR = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]$/;

test('the characters of a token are those of RFC 9110 5.6.2, and no others', () => {
  const codes = Array.from({ length: 0x10000 }, (_, code) => code);
  expect(codes.filter(isTokenCharacter)).toEqual(codes.filter((code) => TCHAR.test(String.fromCharCode(code))));
});

test.each(['a', 'websocket', 'v1.json', "!#$%&'*+-.^_`|~", '0', '__proto__', 'constructor'])(
  '%j is a token',
  (text) => {
    expect(isToken(text)).toBe(true);
  },
);

test.each(['', ' ', 'a b', ' a', 'a\t', 'a,b', 'a/b', 'a"', 'é', 'ａ', 'a\r\n', 'a\0', '\u{10061}'])(
  '%j is none',
  (text) => {
    expect(isToken(text)).toBe(false);
  },
);

test.each<[string, string[] | undefined]>([
  ['', []],
  ['chat', ['chat']],
  ['chat, superchat', ['chat', 'superchat']],
  ['chat,superchat', ['chat', 'superchat']],
  ['\tchat \t,\t superchat\t', ['chat', 'superchat']],
  [',chat,, ,superchat,', ['chat', 'superchat']],
  ['a,a', ['a', 'a']],
  ['Chat,chat', ['Chat', 'chat']],
  ['__proto__,constructor', ['__proto__', 'constructor']],
  ['chat superchat', undefined],
  ['chat;q=1', undefined],
  ['"chat"', undefined],
  ['chat, sup/er', undefined],
  ['chat,\u00a0superchat', undefined],
  ['chat,\u000bsuperchat', undefined],
  ['chat\r\nX: y', undefined],
])('the list %j has the tokens %j (RFC 9110 5.6.1)', (text, tokens) => {
  expect(parseTokenList(text)).toEqual(tokens);
});

test.each([
  ['websocket', true],
  ['WebSocket', true],
  ['WEBSOCKET', true],
  ['h2c, websocket', true],
  ['h2c,\tWebsocket \t,x', true],
  [',,websocket', true],
  ['websockets', false],
  ['web socket', false],
  ['websocket/13', false],
  ['"websocket"', false],
  ['\u00a0websocket', false],
  ['', false],
  [undefined, false],
])('%j names websocket: %p', (text, expected) => {
  expect(listHasToken(text, 'websocket')).toBe(expected);
});

test('a token is compared in ASCII case only: the Kelvin sign is no k (RFC 6455 4.2.1)', () => {
  expect(listHasToken('websoc\u212aet', 'websocket')).toBe(false);
});

test('tokens that are joined in any legal way are read back', () => {
  const token = fc.string({ unit: fc.constantFrom(..."abcXYZ019!#$%&'*+-.^_`|~"), minLength: 1, maxLength: 8 });
  const blank = fc.string({ unit: fc.constantFrom(' ', '\t'), maxLength: 3 });
  const separator = fc.tuple(blank, blank, fc.nat(2)).map(([a, b, empty]) => `${a},${','.repeat(empty)}${b}`);
  holds(
    fc.property(fc.array(fc.tuple(token, separator), { maxLength: 6 }), blank, (items, end) => {
      const tokens = items.map(([each]) => each);
      expect(parseTokenList(items.map(([each, comma]) => each + comma).join('') + end)).toEqual(tokens);
      for (const each of tokens) {
        expect(listHasToken(tokens.join(', ').toUpperCase(), each.toLowerCase())).toBe(true);
      }
    }),
  );
});

test.each<[string, string, string[] | undefined]>([
  ['32,000 spaces', ' '.repeat(32_000), []],
  ['32,000 spaces and a token', ' '.repeat(32_000) + 'a', ['a']],
  ['a token and 32,000 spaces', 'a' + ' '.repeat(32_000), ['a']],
  ['32,000 spaces between two tokens', 'a' + ' '.repeat(32_000) + 'b', undefined],
  ['32,000 tabs and spaces', '\t '.repeat(16_000) + 'a,', ['a']],
  ['8,000 commas', ','.repeat(8_000), []],
  ['8,000 commas and spaces', ', '.repeat(8_000) + 'a', ['a']],
  ['8,000 tokens', Array(8_000).fill('a').join(), Array<string>(8_000).fill('a')],
  ['a token of 32,000 characters', 'a'.repeat(32_000), ['a'.repeat(32_000)]],
  ['8,000 escaped quotes', '"' + '\\"'.repeat(8_000), undefined],
])('%s (ws CVE-2021-32640)', (_what, text, tokens) => {
  expect(parseTokenList(text)).toEqual(tokens);
  expect(listHasToken(text, 'b')).toBe(false);
  expect(listHasToken(text + ',b', 'b')).toBe(true);
});
