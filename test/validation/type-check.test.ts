import { checkOf } from '../../src/validation/type-check';
import { issuesOf } from '../support/checks';

const samples: Record<string, unknown> = {
  text: 'x',
  'empty text': '',
  number: 1,
  zero: 0,
  'not a number': NaN,
  infinity: Infinity,
  'minus infinity': -Infinity,
  date: new Date(0),
  'invalid date': new Date(NaN),
  true: true,
  false: false,
  array: [1],
  bytes: new Uint8Array([1]),
  buffer: Buffer.from('x'),
  object: {},
  null: null,
  undefined: undefined,
  'boxed string': new String('x'),
  'array-like': { length: 0 },
  floats: new Float32Array(1),
};

describe.each<[string, unknown, string, string, string[]]>([
  ['String', String, 'isString', 'a string', ['text', 'empty text']],
  ['Number', Number, 'isNumber', 'a number', ['number', 'zero']],
  ['Boolean', Boolean, 'isBoolean', 'a boolean', ['true', 'false']],
  ['Date', Date, 'isDate', 'a date', ['date']],
  ['Array', Array, 'isArray', 'an array', ['array']],
  ['Uint8Array', Uint8Array, 'isBytes', 'bytes', ['bytes', 'buffer']],
  ['Buffer', Buffer, 'isBytes', 'bytes', ['bytes', 'buffer']],
])('%s', (_name, type, constraint, text, fitting) => {
  const check = checkOf(type, 'user.name')!;

  test.each(Object.keys(samples))('%s', async (sample) => {
    const value = samples[sample];
    if (fitting.includes(sample)) {
      expect(check(value)).toBe(value);
    } else {
      const issue = { path: 'user.name', constraints: { [constraint]: `user.name must be ${text}` } };
      expect(await issuesOf(check, value)).toEqual([issue]);
    }
  });

  test('the whole body is called data', async () => {
    const issue = { path: '', constraints: { [constraint]: `data must be ${text}` } };
    expect(await issuesOf(checkOf(type, '')!, null)).toEqual([issue]);
  });
});

test.each([Object, Map, class Dto {}, undefined])('%p is not for this check', (type) => {
  expect(checkOf(type, '')).toBeUndefined();
});
