import { Flusher } from '../../src/transport/flusher';

test('all that is added in one turn is flushed once, at its end, in order', async () => {
  const flusher = new Flusher();
  const flushed: string[] = [];
  const queue = (name: string) => ({ flush: () => void flushed.push(name) });
  flusher.add(queue('a'));
  flusher.add(queue('b'));
  expect(flushed).toEqual([]);
  await Promise.resolve();
  expect(flushed).toEqual(['a', 'b']);
  flusher.add(queue('c'));
  await Promise.resolve();
  expect(flushed).toEqual(['a', 'b', 'c']);
});

test('a queue added during a flush comes after the others', async () => {
  const flusher = new Flusher();
  const flushed: string[] = [];
  const last = { flush: () => void flushed.push('last') };
  flusher.add({
    flush: () => {
      flushed.push('first');
      flusher.add(last);
    },
  });
  await new Promise(setImmediate);
  expect(flushed).toEqual(['first', 'last']);
});
