import { Batch } from '../../src/transport/batch';

test('what is taken is what was gathered, and the batch is empty after it', () => {
  const batch = new Batch();
  batch.used = batch.bytes.write('frames');
  expect(batch.take().toString()).toBe('frames');
  expect(batch.used).toBe(0);
  expect(batch.take()).toHaveLength(0);
});

test('a renewed batch leaves what was taken alone', () => {
  const batch = new Batch();
  batch.used = batch.bytes.write('first');
  const taken = batch.take();
  batch.renew();
  batch.used = batch.bytes.write('other');
  expect(taken.toString()).toBe('first');
});
