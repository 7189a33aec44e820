import { saysYes, then } from '../../src/messages/thenable';

const thenable = (value: unknown) => ({ then: (resolve: (settled: unknown) => void) => resolve(value) });

test('what is there goes on at once, and what throws then throws', () => {
  expect(then(1, (value) => value + 1)).toBe(2);
  expect(() =>
    then(1, () => {
      throw new RangeError('now');
    }),
  ).toThrow('now');
});

test.each([
  ['a promise', Promise.resolve(1)],
  ['a thenable', thenable(1) as PromiseLike<number>],
])('what is still to come goes on later: %s', async (_what, value) => {
  const result = then(value, (settled) => settled + 1);
  expect(result).toBeInstanceOf(Promise);
  expect(await result).toBe(2);
});

test('a rejection is passed on, and what throws later rejects', async () => {
  const next = jest.fn();
  await expect(then(Promise.reject(new Error('first')), next)).rejects.toThrow('first');
  expect(next).not.toHaveBeenCalled();
  const failing = (): never => {
    throw new Error('second');
  };
  await expect(then(Promise.resolve(), failing)).rejects.toThrow('second');
});

describe('a condition says', () => {
  test.each<[unknown, boolean]>([
    [true, true],
    [false, false],
    [undefined, false],
    ['', false],
    [1, true],
    [Promise.resolve(false), true],
  ])('%p: %p', (answer, expected) => {
    expect(saysYes(answer)).toBe(expected);
  });

  test('a promise that rejects is heard of by nobody', async () => {
    const then = jest.fn((_resolve: unknown, reject: (error: Error) => void) => reject(new Error('late')));
    expect(saysYes({ then })).toBe(true);
    await Promise.resolve();
    expect(then).toHaveBeenCalledTimes(1);
  });
});
