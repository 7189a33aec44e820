import {
  checkOptions,
  flag,
  listOf,
  methods,
  must,
  nearest,
  oneOf,
  options,
  shown,
  text,
  unknownName,
  wholeNumber,
} from '../../src/connection/option-table';

const TABLE = {
  port: wholeNumber(0, 65_535),
  host: text,
  health: flag,
  names: listOf(text),
  beat: oneOf(
    [false],
    options<{ intervalMs: number }>({ intervalMs: wholeNumber(1, Number.MAX_SAFE_INTEGER, 'milliseconds') }),
  ),
  logger: methods(['info', 'warn', 'error'], 'console'),
  even: must('even', (value) => Number(value) % 2 === 0),
};

test('right values pass, and so does undefined', () => {
  const right = { port: 0, host: 'a', health: false, names: [], beat: false, logger: console, even: 2 };
  expect(() => checkOptions(right, TABLE)).not.toThrow();
  expect(() => checkOptions({ beat: { intervalMs: 1 }, names: ['a'], port: undefined }, TABLE)).not.toThrow();
  expect(() => checkOptions({}, TABLE)).not.toThrow();
});

test.each<[object, string]>([
  [{ port: '80' }, 'port must be a whole number from 0 to 65535, not 80 (a string)'],
  [{ port: 1.5 }, 'port must be a whole number from 0 to 65535, not 1.5'],
  [{ port: null }, 'port must be a whole number from 0 to 65535, not null'],
  [{ host: '' }, 'host must be a string, not ""'],
  [{ health: 'yes' }, 'health must be true or false, not "yes"'],
  [{ names: 'abc' }, 'names must be an array, not "abc"'],
  [{ names: ['a', undefined] }, 'names[1] must be a string, not undefined'],
  [{ names: new Array(1) }, 'names[0] must be a string, not undefined'],
  [{ beat: true }, 'beat must be an object such as { intervalMs: … }, not true'],
  [{ beat: { intervalMs: 0 } }, 'beat.intervalMs must be a whole number of milliseconds from 1 on, not 0'],
  [{ beat: { interval: 1 } }, 'there is no option "interval" in beat; there are intervalMs. Did you mean intervalMs?'],
  [{ logger: {} }, 'logger must be an object with the methods info, warn and error, such as console, not an object'],
  [{ even: 3 }, 'even must be even, not 3'],
])('%j is refused', (given, message) => {
  expect(() => checkOptions(given, TABLE)).toThrow(message);
});

test.each([5, null, 'a', [], undefined])('options that are %p are no object', (given) => {
  expect(() => checkOptions(given, TABLE)).toThrow('the options must be an object such as { port: … }');
});

test.each([
  ['prot', 'port'],
  ['Health', 'health'],
  ['helth', 'health'],
  ['beats', 'beat'],
  ['logg', 'logger'],
])('for %s it asks whether %s was meant', (written, meant) => {
  expect(unknownName(written, TABLE)).toMatch(new RegExp(` Did you mean ${meant}\\?$`));
});

test.each(['zzz', 'x', 'certificates'])('for %s it has no idea', (written) => {
  expect(nearest(written, Object.keys(TABLE))).toBeUndefined();
  expect(unknownName(written, TABLE)).not.toContain('mean');
});

test('a wrong value is shown short, and an object not at all', () => {
  class Codec {}
  const values = [Codec, new Codec(), () => 1, { secret: 1 }, [1], 'x'.repeat(99), Symbol('s'), NaN, Infinity];
  expect(values.map(shown)).toEqual([
    'the class Codec',
    'a Codec',
    'a function',
    'an object',
    'an array',
    JSON.stringify('x'.repeat(40)),
    'Symbol(s)',
    'NaN',
    'Infinity',
  ]);
});
