import { Batch } from '../../src/transport/batch';

test('take returns the gathered bytes and empties the batch', () => {
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
