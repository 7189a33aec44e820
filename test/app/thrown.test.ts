import { refuse, UnauthorizedError } from '../../src';
import { Thrown } from '../../src/app/thrown';

/** What tsyringe makes of an error for a class that needed what could not be made. */
function wrap(error: unknown): Error {
  const lines = (error as Error).message.split('\n').map((line) => `    ${line}`);
  return new Error(
    ['Cannot inject the dependency "a" at position #0 of "B" constructor. Reason:', ...lines].join('\n'),
  );
}

/** What comes out of a resolution within resolutions, `depth` of them. */
function through(thrown: Thrown, error: unknown, depth: number): unknown {
  const inner = (level: number): never =>
    thrown.restore(level > 0, () => {
      if (level === depth) throw error;
      try {
        return inner(level + 1);
      } catch (caught) {
        throw wrap(caught);
      }
    });
  try {
    return inner(0);
  } catch (caught) {
    return caught;
  }
}

test.each<[string, unknown]>([
  ['an error', new UnauthorizedError('who?')],
  ['an error without words', new Error('')],
  ['an error of several lines', new Error('a\nb\n')],
  ['an error that says what tsyringe does', new Error('Cannot inject the dependency')],
  ['a refusal', refuse(401)],
  ['a text', 'text'],
  ['nothing', undefined],
  ['null', null],
])('%s comes out as it was thrown, from whatever depth', (_what, error) => {
  const thrown = new Thrown();
  for (const depth of [0, 1, 2, 5]) expect(through(thrown, error, depth)).toBe(error);
});

test('what is nobody’s is tsyringe’s own error', () => {
  const thrown = new Thrown();
  const earlier = new Error('earlier');
  expect(through(thrown, earlier, 2)).toBe(earlier);
  const own = wrap(new Error('TypeInfo not known'));
  expect(through(thrown, own, 0)).toBe(own);
});

test('a resolution that succeeds is left alone', () => {
  expect(new Thrown().restore(true, () => 7)).toBe(7);
});
