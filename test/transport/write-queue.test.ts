import { Batch } from '../../src/transport/batch';
import { Deadlines } from '../../src/messages/deadlines';
import { Flusher } from '../../src/transport/flusher';
import { resolveLimits, type Limits } from '../../src/connection/limits';
import { chunks } from '../../src/protocol';
import type { Piece } from '../../src/transport/pieces';
import type { Transport } from '../../src/transport/transport';
import { WriteQueue } from '../../src/transport/write-queue';
import { CLOSE, PONG, readServerFrame, type ServerFrame } from '../support/frames';
import { ManualClock } from '../support/manual-clock';
import { joined } from './support';

/** A transport whose peer reads only when it is told to. */
class FakeTransport {
  writes: Buffer[] = [];
  pending = 0;
  ended = false;
  stalled = false;
  holds = false;

  write(bytes: Uint8Array): boolean {
    this.writes.push(Buffer.from(bytes));
    if (this.stalled) this.pending += bytes.length;
    return this.pending === 0;
  }

  writePiece(piece: Piece): boolean {
    return this.writeAll([piece]);
  }

  writeAll(pieces: readonly Piece[]): boolean {
    return this.write(joined(pieces));
  }

  end(): void {
    this.ended = true;
  }

  frames(): ServerFrame[] {
    const frames: ServerFrame[] = [];
    let rest = Buffer.concat(this.writes);
    for (let read = readServerFrame(rest); read !== undefined; read = readServerFrame(rest)) {
      frames.push(read.frame);
      rest = rest.subarray(read.size);
    }
    expect(rest).toHaveLength(0);
    return frames;
  }

  texts(): string[] {
    return this.frames().map(({ payload }) => payload.toString());
  }
}

function queueWith(limits: Limits = {}, batch = new Batch()) {
  const transport = new FakeTransport();
  const events: string[] = [];
  const clock = new ManualClock();
  const context = { batch, flusher: new Flusher(), deadlines: new Deadlines(clock) };
  const queue = new WriteQueue(transport as unknown as Transport, context, resolveLimits(limits), {
    onSlowConsumer: (policy) => void events.push(policy === 'close' ? 'slow' : 'dropped'),
    onDrained: () => void events.push('drained'),
    onHeld: () => {},
    onWritten: () => {},
  });
  const drain = (): void => {
    transport.pending = 0;
    transport.stalled = false;
    queue.onFlushed();
  };
  return { queue, transport, events, drain, clock };
}

const turn = (): Promise<void> => new Promise(setImmediate);

test('messages between cork and uncork leave in one write', () => {
  const { queue, transport } = queueWith();
  queue.gatherer.cork();
  queue.sendText('a');
  queue.sendBinary(Buffer.from('b'));
  queue.sendControl(PONG, Buffer.from('c'));
  queue.sendText('d');
  queue.gatherer.uncork();
  expect(transport.texts()).toEqual(['a', 'b', 'c', 'd']);
  expect(transport.writes.length).toBeLessThanOrEqual(3);
});

test.each<[boolean, number, boolean]>([
  [true, 100, false],
  [true, 20_000, true],
  [false, 100, true],
])('a transport that holds what is written (%s) keeps %i bytes and no more', (holds, size, isBatch) => {
  const batch = new Batch();
  const { queue, transport } = queueWith({}, batch);
  transport.holds = holds;
  transport.stalled = true;
  const { bytes } = batch;
  let written: Uint8Array | undefined;
  transport.write = (given) => {
    written = given;
    return false;
  };
  queue.gatherer.cork();
  for (let sent = 0; sent < size; sent += 100) queue.sendBinary(Buffer.alloc(98));
  queue.gatherer.uncork();
  expect([written?.length, written?.buffer === bytes.buffer]).toEqual([size, isBatch]);
  // nobody writes over what somebody else holds
  expect(batch.bytes === bytes).toBe(!isBatch);
});

test('a hundred messages of one read leave in one write', () => {
  const { queue, transport } = queueWith();
  queue.gatherer.cork();
  for (let i = 0; i < 100; i++) queue.sendText(`message ${i}`);
  queue.gatherer.uncork();
  expect(transport.writes).toHaveLength(1);
  expect(transport.frames()).toHaveLength(100);
});

test('messages outside of a read leave at the end of the turn, in one write', async () => {
  const { queue, transport } = queueWith();
  queue.sendText('a');
  queue.sendText('b');
  expect(transport.writes).toHaveLength(0);
  await turn();
  expect(transport.writes).toHaveLength(1);
  expect(transport.texts()).toEqual(['a', 'b']);
});

test('two queues that send in one turn keep their frames apart', async () => {
  const batch = new Batch();
  const one = queueWith({}, batch);
  const two = queueWith({}, batch);
  one.queue.gatherer.cork();
  one.queue.sendText('one');
  two.queue.sendText('two');
  one.queue.sendText('one again');
  one.queue.gatherer.uncork();
  await turn();
  expect(one.transport.texts()).toEqual(['one', 'one again']);
  expect(two.transport.texts()).toEqual(['two']);
});

test.each([0, 1, 125, 126, 127, 65_535, 65_536, 16_383, 16_384, 200_000])(
  'a payload of %d bytes is whole',
  (length) => {
    const { queue, transport } = queueWith();
    const payload = Buffer.alloc(length, 'x');
    queue.gatherer.cork();
    queue.sendText('before');
    queue.sendBinary(payload);
    queue.sendText(payload.toString());
    queue.gatherer.uncork();
    const [, binaryFrame, textFrame] = transport.frames();
    expect(binaryFrame!.payload.equals(payload)).toBe(true);
    expect(textFrame!.payload.equals(payload)).toBe(true);
  },
);

test.each([
  ['é', 62],
  ['é', 63],
  ['€', 41],
  ['€', 42],
  ['😀', 31],
  ['😀', 32],
  ['é', 32_767],
  ['é', 32_768],
])('the length counts bytes, not characters: %s × %d', (character, times) => {
  const { queue, transport } = queueWith();
  const message = character.repeat(times);
  queue.sendText(message);
  queue.flush();
  expect(transport.texts()).toEqual([message]);
});

test('while the peer does not read, messages wait and are counted', () => {
  const { queue, transport, events, drain } = queueWith({ highWaterMarkBytes: 100, maxBufferedBytes: 1000 });
  transport.stalled = true;
  queue.sendBinary(Buffer.alloc(50));
  queue.flush();
  expect(queue.bufferedBytes).toBe(52);
  expect(queue.sendBinary(Buffer.alloc(20))).toBe('sent');
  expect(queue.sendBinary(Buffer.alloc(50))).toBe('queued');
  expect(transport.writes).toHaveLength(1);
  drain();
  expect(transport.frames().map(({ payload }) => payload.length)).toEqual([50, 20, 50]);
  expect(events).toEqual(['drained']);
  expect(queue.bufferedBytes).toBe(0);
});

test('an empty queue takes one message of any size', () => {
  const { queue, events } = queueWith({ maxBufferedBytes: 100 });
  expect(queue.sendBinary(Buffer.alloc(50_000))).toBe('sent');
  expect(events).toEqual([]);
});

test('queued and next message together stay under the hard limit: the policy close tells the owner', () => {
  const { queue, transport, events } = queueWith({ maxBufferedBytes: 100 });
  transport.stalled = true;
  queue.sendBinary(Buffer.alloc(48));
  queue.flush();
  expect(queue.sendBinary(Buffer.alloc(48))).toBe('sent');
  expect(queue.sendBinary(Buffer.alloc(1))).toBe('closed');
  expect(events).toEqual(['slow']);
  expect(queue.bufferedBytes).toBe(100);
});

test('the policy drop loses the message and goes on', () => {
  const { queue, transport, events, drain } = queueWith({ maxBufferedBytes: 100, slowConsumer: 'drop' });
  transport.stalled = true;
  for (let i = 0; i < 2; i++) queue.sendBinary(Buffer.alloc(40));
  queue.flush();
  expect(queue.sendBinary(Buffer.alloc(40))).toBe('dropped');
  expect(events).toEqual(['dropped']);
  drain();
  expect(events).toEqual(['dropped', 'drained']);
  queue.sendText('after');
  queue.flush();
  expect(transport.frames().map(({ payload }) => payload.length)).toEqual([40, 40, 5]);
});

test.each<[string, () => string | Buffer]>([
  ['text', () => 'a'.repeat(900_000)],
  ['text whose characters take three bytes', () => '€'.repeat(300_000)],
  ['binary', () => Buffer.alloc(900_000)],
])('a message of more than half the limit is let in behind short ones: %s', (_, make) => {
  const { queue, transport, events, drain } = queueWith({ maxBufferedBytes: 1_000_000 });
  transport.stalled = true;
  for (let i = 0; i < 8; i++) queue.sendBinary(Buffer.alloc(100_000));
  queue.flush();
  const message = make();
  expect(typeof message === 'string' ? queue.sendText(message) : queue.sendBinary(message)).toBe('queued');
  drain();
  const [payload] = transport
    .frames()
    .slice(-1)
    .map((frame) => frame.payload);
  expect(payload!.equals(Buffer.from(message as string))).toBe(true);
  expect(events).toEqual(['drained']);
});

test.each(['close', 'drop'] as const)(
  'a large message that is refused (%s) is not copied, or its copy is given back',
  (slowConsumer) => {
    const { queue, transport, events } = queueWith({ maxBufferedBytes: 1_000_000, slowConsumer });
    transport.stalled = true;
    queue.sendBinary(Buffer.alloc(400_000));
    queue.flush();
    queue.sendBinary(Buffer.alloc(400_000));
    const [take, give] = [jest.spyOn(chunks, 'take'), jest.spyOn(chunks, 'give')];
    const outcome = slowConsumer === 'close' ? 'closed' : 'dropped';
    // 210,000 bytes where there is room for less than 200,000, in characters of one byte or of three
    expect([queue.sendBinary(Buffer.alloc(210_000)), queue.sendText('a'.repeat(210_000))]).toEqual([outcome, outcome]);
    expect(take).not.toHaveBeenCalled();
    expect(queue.sendText('€'.repeat(70_000))).toBe(outcome);
    expect(give).toHaveBeenCalledTimes(take.mock.calls.length);
    queue.close();
    expect([queue.sendText('a'.repeat(210_000)), queue.sendBinary(Buffer.alloc(210_000))]).toEqual([
      'closed',
      'closed',
    ]);
    expect(give).toHaveBeenCalledTimes(take.mock.calls.length + 4);
    expect(events).toHaveLength(3);
    jest.restoreAllMocks();
  },
);

test.each(['drop', 'close'] as const)(
  '%s gives the memory of large messages back that wait, also of those behind a pending one',
  (how) => {
    const [take, give] = [jest.spyOn(chunks, 'take'), jest.spyOn(chunks, 'give')];
    const { queue, transport } = queueWith({ maxBufferedBytes: 100_000_000 });
    transport.stalled = true;
    queue.sendText('stall');
    queue.flush();
    queue.sendText('é'.repeat(100_000));
    queue.sendBinary(Buffer.alloc(300_000));
    queue.reserve(10);
    queue.sendText('a'.repeat(3_000_000));
    queue.sendBinary(Buffer.alloc(300_000));
    expect(take.mock.calls.length).toBeGreaterThan(20);
    queue[how]();
    expect(give).toHaveBeenCalledTimes(take.mock.calls.length);
    jest.restoreAllMocks();
  },
);

test('a large burst is written as it grows and is no sign of a slow peer', () => {
  const { queue, transport, events } = queueWith({ maxBufferedBytes: 100_000 });
  queue.gatherer.cork();
  for (let i = 0; i < 1000; i++) expect(queue.sendBinary(Buffer.alloc(1000))).toBe('sent');
  queue.gatherer.uncork();
  expect(events).toEqual([]);
  expect(transport.frames()).toHaveLength(1000);
});

test('only the latest ping of a peer that does not read is answered (RFC 6455 5.5.3)', () => {
  const { queue, transport, drain } = queueWith();
  transport.stalled = true;
  queue.sendText('stall');
  queue.flush();
  for (let i = 0; i < 1000; i++) queue.sendControl(PONG, Buffer.from(String(i)));
  expect(queue.bufferedBytes).toBe(7);
  drain();
  expect(transport.texts()).toEqual(['stall', '999']);
});

test('end writes all that waits before it ends the transport, and nothing after it', async () => {
  const { queue, transport } = queueWith();
  transport.stalled = true;
  queue.sendText('a');
  queue.flush();
  queue.sendText('b');
  queue.sendControl(CLOSE, Buffer.alloc(0));
  queue.end();
  expect(transport.ended).toBe(true);
  queue.sendText('late');
  await turn();
  expect(transport.texts()).toEqual(['a', 'b', '']);
});

test('the memory of a write that is under way is not written to again', () => {
  const batch = new Batch();
  const { queue, transport } = queueWith({}, batch);
  const given: Uint8Array[] = [];
  const write = transport.write.bind(transport);
  transport.write = (bytes) => {
    given.push(bytes);
    return write(bytes);
  };
  transport.stalled = true;
  queue.sendText('held');
  queue.flush();
  const other = queueWith({}, batch);
  other.queue.sendText('XXXXXXXX');
  other.queue.flush();
  expect(Buffer.from(given[0]!).subarray(2).toString()).toBe('held');
});

describe('a frame that is made later', () => {
  const frameOf = (text: string): Buffer => Buffer.from([0x81, text.length, ...Buffer.from(text)]);

  test('keeps its place: later messages and Close wait for it, other control frames do not', async () => {
    const { queue, transport } = queueWith();
    queue.sendText('1');
    const first = queue.reserve(10);
    queue.sendText('3');
    const second = queue.reserve(10);
    queue.sendControl(PONG, Buffer.from('pong'));
    queue.sendControl(CLOSE, Buffer.from('close'));
    queue.settle(second, frameOf('4'));
    await turn();
    expect(transport.texts()).toEqual(['1', 'pong']);
    queue.settle(first, frameOf('2'));
    await turn();
    expect(transport.texts()).toEqual(['1', 'pong', '2', '3', '4', 'close']);
    expect(queue.bufferedBytes).toBe(0);
  });

  test('is written before the end', async () => {
    const { queue, transport } = queueWith();
    const pending = queue.reserve(10);
    queue.end();
    await turn();
    expect(transport.ended).toBe(false);
    queue.settle(pending, frameOf('late'));
    expect(transport.texts()).toEqual(['late']);
    expect(transport.ended).toBe(true);
  });

  test('counts as what was reserved for it, and not at all once it is dropped', () => {
    const { queue, transport } = queueWith({ maxBufferedBytes: 100 });
    const pending = queue.reserve(60);
    expect(queue.bufferedBytes).toBe(60);
    // the peer is not to blame for what is not made yet
    expect(queue.fits(41)).toBe(true);
    queue.drop();
    queue.settle(pending, frameOf('late'));
    expect(queue.bufferedBytes).toBe(0);
    expect(transport.writes).toEqual([]);
  });
});
