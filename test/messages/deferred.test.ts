import { deferred } from '../../src/messages';

test('the first value or promise settles it', async () => {
  const one = deferred<number>();
  one.resolve(1);
  one.resolve(2);
  expect(await one.promise).toBe(1);
  const other = deferred<number>();
  other.resolve(Promise.reject(new Error('no')));
  await expect(other.promise).rejects.toThrow('no');
});
