import { callUser, classNameOf, isThenable, takeRejection } from '../../src/messages/users-code';

const settled = (): Promise<void> => new Promise(setImmediate);

const failure = new Error('failure');

/** Ways in which a call can fail. */
const FAILING: [string, () => unknown][] = [
  [
    'throws',
    () => {
      throw failure;
    },
  ],
  ['returns a promise that rejects', () => Promise.reject(failure)],
  [
    'returns a thenable that rejects',
    () => ({ then: (_done: unknown, fail: (error: unknown) => void) => fail(failure) }),
  ],
  [
    'returns a thenable whose then throws',
    () => ({
      then() {
        throw failure;
      },
    }),
  ],
  [
    'returns an object whose getter then throws',
    () => ({
      get then(): unknown {
        throw failure;
      },
    }),
  ],
  [
    'returns a function that is a thenable and rejects',
    () => Object.assign(() => {}, { then: (_done: unknown, fail: (error: unknown) => void) => fail(failure) }),
  ],
];

test.each(FAILING)('a call that %s is told, once', async (_what, call) => {
  const failed: unknown[] = [];
  callUser(call, (error) => failed.push(error));
  await settled();
  expect(failed).toEqual([failure]);
});

test.each([undefined, null, 1, 'x', {}, () => {}, Promise.resolve(1), { then: 1 }])(
  'nothing is told of %p',
  async (value) => {
    const failed: unknown[] = [];
    callUser(
      () => value,
      (error) => failed.push(error),
    );
    takeRejection(value, (error) => failed.push(error));
    await settled();
    expect(failed).toEqual([]);
  },
);

test('what has a then is a thenable, whatever it is otherwise', () => {
  expect([{}, null, undefined, 'then', { then: 1 }].map(isThenable)).toEqual(Array(5).fill(false));
  expect([Promise.resolve(), { then() {} }, Object.assign(() => {}, { then() {} })].map(isThenable)).toEqual(
    Array(3).fill(true),
  );
});

class Cart {}

test.each([
  ['an instance', new Cart(), 'Cart'],
  ['no prototype', Object.create(null), 'Object'],
  ['no class', Object.assign(Object.create(null), { constructor: undefined }), 'Object'],
  ['a class without a name', new (class {})(), 'Object'],
  ['a name that is none', { constructor: { name: 7 } }, 'Object'],
  [
    'a class that fails',
    {
      get constructor(): never {
        throw failure;
      },
    },
    'Object',
  ],
  ['nothing', undefined, 'Object'],
])('the name of what has %s', (_what, value, name) => {
  expect(classNameOf(value)).toBe(name);
});
