import { refuseHeavyJson } from '../../src/messages/json-size';

const LEVELS = 131_072;
const nested = (levels: number, open = '[', close = ']'): string => open.repeat(levels) + close.repeat(levels);

test.each<[string, string]>([
  ['arrays in each other', nested(LEVELS + 1)],
  ['objects in each other', nested(LEVELS + 1, '{"a":', '}')],
  ['brackets that nobody closes', '['.repeat(1_000_000)],
  ['brackets behind a text that ends in a backslash', `["\\\\",${nested(LEVELS)}]`],
])('refused: %s', (_what, text) => {
  expect(() => refuseHeavyJson(text)).toThrow(RangeError);
});

test.each<[string, string]>([
  ['as many levels as may be', nested(LEVELS)],
  ['brackets in a text', `["${'['.repeat(LEVELS + 1)}"]`],
  ['brackets behind a quote in a text', `["\\"${'['.repeat(LEVELS + 1)}"]`],
  ['brackets in a text that does not end', `["${'['.repeat(LEVELS + 1)}`],
  ['colons in texts', `["${'"a":'.repeat(60_000).replaceAll('"', '\\"')}"]`],
])('let through: %s', (_what, text) => {
  refuseHeavyJson(text);
});
