import { Backpressure } from '../../src/transport/backpressure';
import { Deadlines } from '../../src/messages/deadlines';
import { ManualClock } from '../support/manual-clock';

const LIMITS = { highWaterMarkBytes: 50, maxBufferedBytes: 100 };

function pressureOf() {
  const clock = new ManualClock();
  const backlog = { leavingBytes: 0, waitingBytes: 0, heldBytes: 0, flush: () => {} };
  const pressure = new Backpressure(backlog, LIMITS, new Deadlines(clock));
  /** What waits is given to the transport, which holds all of it. */
  const write = (): void => {
    backlog.leavingBytes += backlog.waitingBytes;
    backlog.waitingBytes = 0;
    pressure.onWritten(true);
  };
  const send = (size: number): boolean => {
    if (!pressure.fits(size)) return false;
    backlog.waitingBytes += size;
    pressure.letIn(size);
    return true;
  };
  const flushed = (): void => {
    backlog.leavingBytes = 0;
    pressure.onFlushed();
  };
  return { pressure, backlog, clock, write, send, flushed };
}

const turn = (): Promise<void> => new Promise(setImmediate);

test('waiting bytes and the next message together stay within the limit', () => {
  const { send, write, flushed } = pressureOf();
  expect([send(50), send(50), send(1)]).toEqual([true, true, false]);
  write();
  expect(send(1)).toBe(false);
  flushed();
  expect(send(100)).toBe(true);
});

test.each([51, 100, 101, 500])('two messages of %i bytes wait beside others, and count against none', (large) => {
  const { send, write, flushed } = pressureOf();
  expect([send(30), send(large), send(40), send(500), send(500), send(30), send(1)]).toEqual([
    ...[true, true, true, true, false, true, false],
  ]);
  write();
  expect([send(500), send(1)]).toEqual([false, false]);
  flushed();
  expect([send(large), send(500), send(500), send(50)]).toEqual([true, true, false, true]);
});

test('two of any size may be sent at once', () => {
  for (const [one, two] of [1, 50, 51, 99, 100, 101, 1000].flatMap((a) =>
    [1, 50, 51, 100, 101, 1000].map((b) => [a, b]),
  )) {
    for (const between of [true, false]) {
      const { send, write } = pressureOf();
      const first = send(one!);
      if (between) write();
      expect([first, send(two!)]).toEqual([true, true]);
    }
  }
});

test('bytes that the transport has count as far as they are not free', () => {
  const { send, write, pressure, backlog } = pressureOf();
  backlog.waitingBytes = 300;
  pressure.free(300);
  send(40);
  send(40);
  write();
  expect([send(21), send(20)]).toEqual([false, true]);
});

describe('a message held behind another of ours', () => {
  test('does not count while nothing is offered to the peer, however long that takes', async () => {
    const { send, backlog, clock } = pressureOf();
    backlog.heldBytes = 1000;
    expect(send(10)).toBe(true);
    clock.advance(100_000);
    await turn();
    expect(send(10)).toBe(true);
    expect(clock.pending).toBe(0);
  });

  test('counts once the peer has taken nothing for a second, and no more when it takes something', async () => {
    const { send, backlog, clock, write } = pressureOf();
    backlog.waitingBytes = 50;
    write();
    backlog.heldBytes = 1000;
    expect(send(10)).toBe(true);
    clock.advance(999);
    await turn();
    expect(send(10)).toBe(true);
    clock.advance(1);
    // what has come meanwhile is heard of first
    expect(send(10)).toBe(true);
    await turn();
    expect(send(10)).toBe(false);
    backlog.leavingBytes -= 1;
    expect(send(10)).toBe(true);
  });

  test('is judged anew after all has left', async () => {
    const { send, backlog, clock, write, flushed } = pressureOf();
    backlog.waitingBytes = 50;
    write();
    backlog.heldBytes = 1000;
    send(10);
    clock.advance(500);
    flushed();
    expect(clock.pending).toBe(0);
    write();
    expect(send(10)).toBe(true);
    clock.advance(500);
    await turn();
    expect(send(10)).toBe(true);
  });

  test('is no concern of a connection that has gone', () => {
    const { send, backlog, clock, write, pressure } = pressureOf();
    backlog.waitingBytes = 50;
    write();
    backlog.heldBytes = 1000;
    send(10);
    expect(clock.pending).toBe(1);
    pressure.close();
    expect(clock.pending).toBe(0);
  });
});

describe('relief', () => {
  test('is not needed where waiting bytes leave once they are tried', () => {
    const { pressure, backlog } = pressureOf();
    backlog.flush = () => (backlog.waitingBytes = 0);
    for (const check of [() => pressure.hasRoomFor(50), () => pressure.checkMark(), () => pressure.checkRelief()]) {
      backlog.waitingBytes = 100;
      expect([check(), pressure.takeRelief()]).toEqual([true, false]);
    }
  });

  test('comes once after a caller was told that more waits than the mark', () => {
    const { pressure, backlog } = pressureOf();
    backlog.leavingBytes = 51;
    expect([pressure.takeRelief(), pressure.checkMark(), pressure.takeRelief()]).toEqual([false, false, false]);
    backlog.leavingBytes = 50;
    expect([pressure.takeRelief(), pressure.takeRelief()]).toEqual([true, false]);
  });

  test('comes after a message that was dropped when that would fit', () => {
    const { pressure, backlog } = pressureOf();
    backlog.leavingBytes = 40;
    expect(pressure.fits(50)).toBe(true);
    backlog.leavingBytes = 51;
    expect(pressure.fits(50)).toBe(false);
    expect([pressure.hasRoomFor(50), pressure.checkRelief()]).toEqual([false, false]);
    backlog.leavingBytes = 50;
    expect([pressure.checkRelief(), pressure.takeRelief(), pressure.checkRelief()]).toEqual([true, true, true]);
  });

  test('comes after one that is larger than the limit too', () => {
    const { pressure, send, write, flushed } = pressureOf();
    send(500);
    send(500);
    expect(pressure.hasRoomFor(500)).toBe(false);
    write();
    expect(pressure.takeRelief()).toBe(false);
    flushed();
    expect(pressure.takeRelief()).toBe(true);
  });
});
