import { JsonCodec } from '../../src/codecs';
import { isDeeperThan } from '../../src/codecs/nesting';

const nested = (levels: number, open = '[', close = ']'): string => open.repeat(levels) + close.repeat(levels);

test.each<[string, string, boolean]>([
  ['just as deep', nested(3), false],
  ['a level deeper', nested(4), true],
  ['objects', nested(4, '{"a":', '}'), true],
  ['objects and arrays', '[{"a":[{"b":1}]}]', true],
  ['beside each other', '[[],[],[],[],[],[]]', false],
  ['brackets in a text', '["[[[[[[[["]', false],
  ['brackets behind a quote in a text', '["\\"[[[[[["]', false],
  ['a backslash that ends a text', '["\\\\",[[[1]]]]', true],
  ['a text that does not end', '["[[[[[[[[', false],
  ['brackets that nobody closes', '[[[[[[', true],
])('deeper than three levels: %s', (_what, text, expected) => {
  expect(isDeeperThan(3, text)).toBe(expected);
});

test('more levels than a message can need are refused before they are parsed', () => {
  const parse = jest.spyOn(JSON, 'parse');
  try {
    const codec = new JsonCodec();
    for (const text of [nested(131_073), nested(131_073, '{"a":', '}'), '['.repeat(1_000_000)]) {
      expect(() => codec.decode(text)).toThrow(SyntaxError);
    }
    expect(parse).not.toHaveBeenCalled();
    codec.decode(`{"event":"e","data":${nested(131_000)}}`);
    expect(parse).toHaveBeenCalledTimes(1);
  } finally {
    parse.mockRestore();
  }
});
