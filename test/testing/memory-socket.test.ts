import { once } from 'node:events';
import fc from 'fast-check';
import { MemorySocket } from '../../src/testing/memory-socket';
import { turns } from '../support/until';

test('bytes written to one end are read from the other, both ways', async () => {
  const [a, b] = MemorySocket.pair();
  a.write('to b');
  b.write('to a');
  expect(String((await once(b, 'data'))[0])).toBe('to b');
  expect(String((await once(a, 'data'))[0])).toBe('to a');
});

test('bytes arrive in order, in any chunks, and then the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 30_000, size: 'max' }), { maxLength: 10 }), async (chunks) => {
      const [a, b] = MemorySocket.pair();
      for (const chunk of chunks) a.write(chunk);
      a.end();
      const received: Buffer[] = [];
      for await (const chunk of b) received.push(chunk as Buffer);
      expect(Buffer.concat(received).equals(Buffer.concat(chunks))).toBe(true);
    }),
    { numRuns: 30 },
  );
});

test('the writer may use its memory again', async () => {
  const [a, b] = MemorySocket.pair();
  const bytes = Buffer.from('kept');
  a.write(bytes);
  bytes.fill('x');
  expect(String((await once(b, 'data'))[0])).toBe('kept');
});

test('writes wait while the other end does not read, and go on as it does', async () => {
  const [a, b] = MemorySocket.pair();
  const written = jest.fn();
  for (let i = 0; i < 10; i++) a.write(Buffer.alloc(1_000_000), written);
  await turns(5);
  expect(written).not.toHaveBeenCalled();
  expect(a.writableLength).toBe(10_000_000);
  let received = (b.read() as Buffer).length;
  await turns(5);
  expect(received).toBeLessThanOrEqual(2_000_000);
  expect(written.mock.calls.length).toBeLessThanOrEqual(2);
  while (received < 10_000_000) {
    received += (b.read() as Buffer).length;
    await turns(5);
  }
  expect(written).toHaveBeenCalledTimes(10);
  expect(a.writableLength).toBe(0);
});

test('one end may end before the other', async () => {
  const [a, b] = MemorySocket.pair();
  const closed = Promise.all([once(a, 'close'), once(b, 'close')]);
  a.end('question');
  b.on('data', (question: Buffer) => b.on('end', () => b.end(`answer to ${question.toString()}`)));
  expect(String((await once(a, 'data'))[0])).toBe('answer to question');
  await closed;
});

test('when one end is destroyed the other is too, and waiting writes fail', async () => {
  const [a, b] = MemorySocket.pair();
  const written = jest.fn();
  a.write(Buffer.alloc(1_000_000));
  a.write('more', written);
  await turns(5);
  expect(written).not.toHaveBeenCalled();
  b.destroy();
  await Promise.all([once(a, 'close'), once(b, 'close')]);
  expect(written).toHaveBeenCalledTimes(1);
  expect([a.destroyed, b.destroyed]).toEqual([true, true]);
});

test('writing to an end whose other end has just gone is no error', async () => {
  const [a, b] = MemorySocket.pair();
  const failed = jest.fn();
  a.on('error', failed);
  b.destroy();
  a.write('x');
  await once(a, 'close');
  expect(failed).not.toHaveBeenCalled();
});

test('its address is that of the machine itself', () => {
  expect(MemorySocket.pair().map(({ remoteAddress }) => remoteAddress)).toEqual(['127.0.0.1', '127.0.0.1']);
});
