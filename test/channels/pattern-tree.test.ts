import * as fc from 'fast-check';
import { PatternTree } from '../../src/channels/pattern-tree';

const found = (tree: PatternTree<string>, name: string): string[] => {
  const values: string[] = [];
  tree.match(name, (value) => values.push(value));
  return values.sort();
};

const treeOf = (...patterns: string[]): PatternTree<string> => {
  const tree = new PatternTree<string>();
  for (const pattern of patterns) tree.set(pattern, pattern);
  return tree;
};

test.each([
  ['room:*', ['room:7', 'room:'], ['room', 'room:7:8', 'hall:7', 'room:7:']],
  ['room:**', ['room:7', 'room:7:8:9', 'room:'], ['room', 'rooms:7']],
  ['*', ['room', ''], ['room:7']],
  ['**', ['room', 'room:7'], []],
  ['*:b:*', ['a:b:c', ':b:'], ['a:b', 'a:c:b']],
  ['a*', ['a*'], ['ab', 'a']],
])('%s', (pattern, matching, others) => {
  const tree = treeOf(pattern);
  for (const name of matching) expect([name, found(tree, name)]).toEqual([name, [pattern]]);
  for (const name of others) expect([name, found(tree, name)]).toEqual([name, []]);
});

test('all patterns that match are found', () => {
  const tree = treeOf('**', '*:*', 'a:*', '*:b', 'a:**', 'a:b:*', 'c:*');
  expect(found(tree, 'a:b')).toEqual(['**', '*:*', '*:b', 'a:*', 'a:**']);
});

test('the latest value of a pattern counts', () => {
  const tree = treeOf('a:*', 'a:**');
  tree.set('a:*', 'other');
  expect(tree.size).toBe(2);
  expect(found(tree, 'a:b')).toEqual(['a:**', 'other']);
});

test('to delete what is not there changes nothing', () => {
  const tree = treeOf('a:*:c');
  for (const pattern of ['a', 'a:*', 'a:**', '*', '**', 'a:*:*', 'a:*:c:d', 'b', '']) tree.delete(pattern);
  expect(tree.size).toBe(1);
  expect(found(tree, 'a:b:c')).toEqual(['a:*:c']);
  tree.delete('a:*:c');
  tree.delete('a:*:c');
  expect(tree.size).toBe(0);
});

test('names of properties of objects are names as any', () => {
  const tree = treeOf('__proto__:*', 'constructor:**');
  expect(found(tree, '__proto__:x')).toEqual(['__proto__:*']);
  expect(found(tree, 'toString:x')).toEqual([]);
  expect(found(tree, 'constructor:x')).toEqual(['constructor:**']);
});

/** The same, as it is defined: `**` is one or more parts, of which each may be empty. */
const matches = (pattern: string, name: string): boolean => {
  const parts = pattern
    .split(':')
    .map((part) => (part === '**' ? '.*' : part === '*' ? '[^:]*' : part.replace('*', '\\*')));
  return new RegExp(`^${parts.join(':')}$`).test(name);
};

const part = fc.constantFrom('', 'a', 'b', 'a*');
const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join(':'));
const pattern = fc
  .tuple(fc.array(fc.oneof(part, fc.constant('*')), { minLength: 1, maxLength: 4 }), fc.boolean())
  .map(([parts, rest]) => (rest ? [...parts.slice(1), '**'] : parts).join(':'));
const change = fc.record({ add: fc.boolean(), pattern });

test('finds what a comparison with each pattern finds, whatever was set and deleted', () => {
  fc.assert(
    fc.property(
      fc.array(change, { maxLength: 20 }),
      fc.array(name, { minLength: 1, maxLength: 10 }),
      (changes, names) => {
        const tree = new PatternTree<string>();
        const there = new Set<string>();
        for (const { add, pattern } of changes) {
          if (add) {
            tree.set(pattern, pattern);
            there.add(pattern);
          } else {
            tree.delete(pattern);
            there.delete(pattern);
          }
          expect(tree.size).toBe(there.size);
        }
        for (const name of names) {
          expect(found(tree, name)).toEqual([...there].filter((pattern) => matches(pattern, name)).sort());
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test('a name of many parts costs no more than the patterns that it may match', () => {
  const tree = treeOf(...Array.from({ length: 100 }, (_, index) => `${'*:'.repeat(index)}**`));
  expect(found(tree, 'a:'.repeat(99) + 'a')).toHaveLength(100);
});
