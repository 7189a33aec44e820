import { Violations } from '../../src/protocol';
import { GatheringInflateStream, KeptInflateStream } from '../../src/protocol/inflate-stream';
import { deflateMessage } from '../support/deflate';

test('pieces are made when they are pulled, of 64 KiB at the most', () => {
  const stream = new KeptInflateStream(Buffer.alloc(0));
  stream.push(deflateMessage(Buffer.alloc(10_000_000)));
  const before = process.memoryUsage().arrayBuffers;
  let total = 0;
  for (let piece = stream.pull(); piece !== undefined; piece = stream.pull()) {
    expect(Buffer.isBuffer(piece)).toBe(true);
    expect((piece as Buffer).length).toBeLessThanOrEqual(65_536);
    total += (piece as Buffer).length;
    if (total > 1_000_000) break;
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(5_000_000);
  stream.close();
});

test('a piece is the reader’s own', () => {
  const stream = new KeptInflateStream(Buffer.alloc(0));
  stream.push(deflateMessage('first'));
  const first = stream.pull() as Buffer;
  stream.push(deflateMessage('other'));
  stream.pull();
  expect(first.toString()).toBe('first');
  stream.close();
});

test('where nothing can be inflated as it arrives, the limit holds for what is gathered', () => {
  const inflate = jest.fn((message: Buffer) => message);
  const stream = new GatheringInflateStream(inflate, 10);
  stream.push(Buffer.alloc(6));
  expect(stream.pull()).toBeUndefined();
  stream.push(Buffer.alloc(6));
  expect(stream.pull()).toBe(Violations.MessageTooBig);
  expect(inflate).not.toHaveBeenCalled();
});

test('it inflates once, when the message is complete', () => {
  const inflate = jest.fn(() => Buffer.from('inflated'));
  const stream = new GatheringInflateStream(inflate, 10);
  stream.push(Buffer.from('a'));
  stream.end();
  expect(stream.pull()!.toString()).toBe('inflated');
  expect(stream.pull()).toBeUndefined();
  expect(inflate).toHaveBeenCalledTimes(1);
});
