import { fieldsOf, type AnswerHeaders } from '../../src/handshake/answer-headers';

const nothing = (): boolean => false;
const lines = (headers: unknown): string[] =>
  [...fieldsOf(headers as AnswerHeaders, nothing).values()].flatMap(({ name, values }) =>
    values.map((value) => `${name}: ${value}`),
  );

test.each<[string, unknown, string[]]>([
  ['a string', { 'X-A': 'b' }, ['X-A: b']],
  ['two cookies', { 'Set-Cookie': ['a=1', 'b=2'] }, ['Set-Cookie: a=1', 'Set-Cookie: b=2']],
  ['two languages', { Vary: ['Origin', 'Cookie'] }, ['Vary: Origin', 'Vary: Cookie']],
  [
    'two challenges',
    { 'WWW-Authenticate': ['Bearer', 'Basic'] },
    ['WWW-Authenticate: Bearer', 'WWW-Authenticate: Basic'],
  ],
  ['an array of one', { Location: ['/x'] }, ['Location: /x']],
  ['no cookie', { 'Set-Cookie': [], 'X-A': 'b' }, ['X-A: b']],
  ['an empty value', { 'X-A': '' }, ['X-A: ']],
  ['a name in two cases', { 'Set-Cookie': 'a=1', 'set-cookie': ['b=2'] }, ['Set-Cookie: a=1', 'Set-Cookie: b=2']],
  ['a number', { 'Retry-After': 30 }, ['Retry-After: 30']],
  ['a name of every object', { constructor: 'a' }, ['constructor: a']],
])('%s', (_what, headers, expected) => {
  expect(lines(headers)).toEqual(expected);
});

test('what is not for the user to say is left out, in any case', () => {
  const fields = fieldsOf({ Connection: ['close', 'x'], 'X-A': 'b' }, (name) => name === 'connection');
  expect([...fields.keys()]).toEqual(['x-a']);
});

const CHARACTER = 'the value of the header X-A has a character that may not be sent';
const TYPE = 'the value of the header X-A must be a string or an array of strings';

test.each<[string, unknown, string]>([
  ['a line break in the second value', { 'X-A': ['b', 'c\r\nX-C: d'] }, CHARACTER],
  ['a line feed', { 'X-A': 'b\n' }, CHARACTER],
  ['undefined', { 'X-A': undefined }, TYPE],
  ['null', { 'X-A': null }, TYPE],
  ['undefined among others', { 'X-A': ['b', undefined] }, TYPE],
  ['an array in an array', { 'X-A': [['b']] }, TYPE],
  ['a name that is none', { 'X A': ['b'] }, '"X A" is no header name'],
  ['two places to go', { Location: ['/x', '/y'] }, 'the header Location has one value, not 2'],
  [
    'two types of one body',
    { 'Content-Type': 'a/b', 'content-type': 'c/d' },
    'the header content-type has one value, not 2',
  ],
])('refused: %s', (_what, headers, message) => {
  expect(() => lines(headers)).toThrow(new TypeError(message));
});
