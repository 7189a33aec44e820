import { isPattern, partsOf, takesRest, wildcardAt } from '../../src/channels/channel-pattern';

test.each([
  ['room:*', true],
  ['*', true],
  ['**', true],
  ['*:7', true],
  ['a:**', true],
  ['room', false],
  ['a*:b', false],
  ['**:b', false],
  ['***', false],
])('%s is a pattern: %s', (subject, expected) => {
  expect(isPattern(subject)).toBe(expected);
});

test('a ** is a wildcard at the end alone', () => {
  const parts = partsOf('**:a*:*:b:**');
  expect(parts.map((_, index) => wildcardAt(parts, index))).toEqual([undefined, undefined, 'one', undefined, 'rest']);
  expect(['a:**', '**', 'a:*', '**:a', 'a**'].map(takesRest)).toEqual([true, true, false, false, false]);
});
