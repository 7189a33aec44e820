import { CHUNK_BYTES, chunks, frameHeader } from '../../src/protocol';
import { CopiedFrame } from '../../src/transport/copied-frame';
import {
  DirectWriter,
  SpareRequest,
  writeRequests,
  type WritableHandle,
  type WriteRequest,
} from '../../src/transport/direct-write';

class Request implements WriteRequest {
  declare oncomplete?: (status: number) => void;
  kept = false;

  getAsyncId(): number {
    return this.kept ? 7 : -1;
  }
}

/** A handle whose kernel takes what the test lets it. */
class FakeHandle implements WritableHandle {
  writeQueueSize = 0;
  error = 0;
  full = false;
  requests: Request[] = [];

  writeBuffer(request: WriteRequest, bytes: Uint8Array): number {
    this.requests.push(request as Request);
    (request as Request).kept = this.full && this.error === 0;
    if (this.full) this.writeQueueSize += bytes.length;
    return this.error;
  }

  writev(request: WriteRequest, chunks: readonly Uint8Array[]): number {
    return this.writeBuffer(request, Buffer.concat(chunks));
  }
}

function writer() {
  const handle = new FakeHandle();
  const done: boolean[] = [];
  return {
    handle,
    done,
    direct: new DirectWriter(handle, new SpareRequest(Request), { onWritten: (failed) => void done.push(failed) }),
  };
}

test('writes that the kernel takes report nothing, and share a request', () => {
  const { handle, direct, done } = writer();
  expect(direct.write(Buffer.from('a'))).toBe(true);
  expect(direct.writeAll([Buffer.from('b'), Buffer.from('c')])).toBe(true);
  expect(new Set(handle.requests).size).toBe(1);
  expect(done).toEqual([]);
});

test('a write that waits keeps its request and its bytes, and the next write has another', () => {
  const { handle, direct, done } = writer();
  handle.full = true;
  const bytes = Buffer.from('abc');
  expect(direct.write(bytes)).toBe(false);
  expect(direct.pending).toBe(3);
  expect(handle.requests[0]).toMatchObject({ held: bytes });
  direct.write(Buffer.from('d'));
  expect(new Set(handle.requests).size).toBe(2);
  handle.writeQueueSize = 0;
  handle.requests[0]!.oncomplete!(0);
  expect(done).toEqual([false]);
});

test('a request that libuv keeps is not used again, though its bytes have left already', () => {
  const { handle, direct } = writer();
  handle.full = true;
  expect(direct.write(Buffer.from('a'))).toBe(false);
  handle.writeQueueSize = 0;
  direct.write(Buffer.from('b'));
  expect(new Set(handle.requests).size).toBe(2);
});

test('failures are reported, at once and later', () => {
  const { handle, direct, done } = writer();
  handle.full = true;
  direct.write(Buffer.from('a'));
  handle.requests[0]!.oncomplete!(-32);
  handle.error = -32;
  expect(direct.write(Buffer.from('b'))).toBe(true);
  expect(done).toEqual([true, true]);
});

describe('handles that make requests themselves', () => {
  function writerOver(result: () => number | WriteRequest) {
    const given: unknown[] = [];
    const done: boolean[] = [];
    const handle: WritableHandle = {
      writeQueueSize: 0,
      writeBuffer(request) {
        given.push(request);
        return result();
      },
      writev: () => result(),
    };
    const requests = { get: () => null, taken: () => undefined };
    const direct = new DirectWriter(handle, requests, { onWritten: (failed) => void done.push(failed) });
    return { direct, given, done };
  }

  test('return a number for a write that is done at once', () => {
    const results = [0, 0, -32];
    const { direct, given, done } = writerOver(() => results.shift()!);
    expect([direct.write(Buffer.from('a')), direct.writeAll([Buffer.from('b')]), done]).toEqual([true, true, []]);
    expect([direct.write(Buffer.from('c')), done, given]).toEqual([true, [true], [null, null]]);
  });

  test('return the request of a write that waits', () => {
    const request: Request = Object.assign(new Request(), { writeStatus: null });
    const { direct, done } = writerOver(() => request);
    const bytes = Buffer.from('abc');
    expect(direct.write(bytes)).toBe(false);
    expect(request).toMatchObject({ held: bytes });
    request.oncomplete!(0);
    request.oncomplete!(-32);
    expect(done).toEqual([false, true]);
  });

  test.each([
    [0, []],
    [-32, [true]],
  ])('return the request of a write that was done before, with the status %d', (writeStatus, reported) => {
    const { direct, done } = writerOver(() => Object.assign(new Request(), { writeStatus }));
    expect(direct.write(Buffer.from('a'))).toBe(true);
    expect(done).toEqual(reported);
  });
});

test('this Node takes requests for its handles', () => {
  expect(writeRequests()).toBeDefined();
});

describe('copied frames', () => {
  const SIZES = [CHUNK_BYTES, 3_000_000, 500_000];
  const frames = SIZES.map((size, index) => Buffer.concat([frameHeader(0x82, size), Buffer.alloc(size, index + 1)]));
  const copiedFrames = (): CopiedFrame[] =>
    SIZES.map((size, index) => new CopiedFrame(0x82, Buffer.alloc(size, index + 1)));
  const total = frames.reduce((sum, { length }) => sum + length, 0);

  let take: jest.SpyInstance;
  let give: jest.SpyInstance<void, [Buffer]>;

  beforeEach(() => {
    take = jest.spyOn(chunks, 'take');
    give = jest.spyOn(chunks, 'give');
  });

  afterEach(() => {
    const given = give.mock.calls.map(([chunk]) => chunk);
    expect(given).toHaveLength(take.mock.calls.length);
    expect(given.length).toBeGreaterThan(0);
    jest.restoreAllMocks();
  });

  /** A handle that takes copies of what is written, some of it later. */
  class Taking extends FakeHandle {
    taken: Buffer[] = [];
    private waiting: { request: Request; size: number }[] = [];

    override writeBuffer(request: WriteRequest, bytes: Uint8Array): number {
      const result = super.writeBuffer(request, bytes);
      if (result === 0) this.taken.push(Buffer.from(bytes));
      if (result === 0 && this.full) this.waiting.push({ request: request as Request, size: bytes.length });
      return result;
    }

    get isBusy(): boolean {
      return this.waiting.length > 0;
    }

    /** The kernel has taken the write that has waited longest. */
    complete(status = 0): void {
      const { request, size } = this.waiting.shift()!;
      this.writeQueueSize -= size;
      request.oncomplete!(status);
    }
  }

  function writing() {
    const handle = new Taking();
    const done: boolean[] = [];
    const owner = { onWritten: (failed: boolean) => void done.push(failed) };
    return { handle, done, direct: new DirectWriter(handle, new SpareRequest(Request), owner) };
  }

  const isWhole = (taken: readonly Uint8Array[], expected: readonly Uint8Array[]): boolean =>
    Buffer.concat(taken).equals(Buffer.concat(expected));

  test('are written at once, in order, with what stands between them', () => {
    const { handle, direct, done } = writing();
    const [a, b, c] = copiedFrames();
    const [x, y, z] = ['xx', 'y', 'zzz'].map((text) => Buffer.from(text));
    expect(direct.writeAll([x!, a!, y!, y!, b!, c!, z!])).toBe(true);
    expect(isWhole(handle.taken, [x!, frames[0]!, y!, y!, frames[1]!, frames[2]!, z!])).toBe(true);
    expect([direct.pending, done]).toEqual([0, []]);
  });

  test('wait while the kernel takes no more, all of them counted, and one write at a time is given', () => {
    const { handle, direct, done } = writing();
    handle.full = true;
    const between = Buffer.from('between');
    const [a, b, c] = copiedFrames();
    expect(direct.writeAll([a!, between, b!, c!])).toBe(false);
    expect(direct.pending).toBe(total + between.length);
    expect(take.mock.calls.length - give.mock.calls.length).toBeGreaterThan(20);
    for (let before = direct.pending; handle.isBusy; before = direct.pending) {
      expect(handle.requests.filter(({ kept }) => kept)).toHaveLength(done.length + 1);
      handle.complete();
      expect(direct.pending).toBeLessThan(before);
    }
    expect(isWhole(handle.taken, [frames[0]!, between, frames[1]!, frames[2]!])).toBe(true);
    expect(new Set(done)).toEqual(new Set([false]));
    expect(direct.pending).toBe(0);
  });

  test('the rest is written at once when the kernel takes it again', () => {
    const { handle, direct, done } = writing();
    handle.full = true;
    direct.writeAll(copiedFrames());
    handle.full = false;
    handle.complete();
    expect(isWhole(handle.taken, frames)).toBe(true);
    expect([direct.pending, done]).toEqual([0, [false]]);
  });

  test.each(['giveRest', 'write', 'writeAll'] as const)(
    '%s gives the handle all that waits, before anything else',
    (how) => {
      const { handle, direct } = writing();
      handle.full = true;
      direct.writeAll(copiedFrames());
      const last = Buffer.from('last');
      if (how === 'write') direct.write(last);
      else if (how === 'writeAll') direct.writeAll([last]);
      else direct.giveRest();
      expect(isWhole(handle.taken, how === 'giveRest' ? frames : [...frames, last])).toBe(true);
      expect(direct.pending).toBe(handle.writeQueueSize);
      while (handle.isBusy) handle.complete();
      expect(direct.pending).toBe(0);
    },
  );

  test('are given back when the first write fails at once', () => {
    const { handle, direct, done } = writing();
    handle.error = -32;
    expect(direct.writeAll(copiedFrames())).toBe(true);
    expect([direct.pending, done]).toEqual([0, [true]]);
    // nothing more is given to a handle that is being closed
    expect(direct.writeAll(copiedFrames())).toBe(true);
    expect(handle.requests).toHaveLength(1);
  });

  test('are given back when a write that waited fails', () => {
    const { handle, direct, done } = writing();
    handle.full = true;
    direct.writeAll(copiedFrames());
    handle.complete(-104);
    expect([direct.pending, done, handle.requests.length]).toEqual([0, [true], 1]);
  });

  test('are given back when a later write fails at once, which is no success', () => {
    const { handle, direct, done } = writing();
    handle.full = true;
    direct.writeAll(copiedFrames());
    handle.full = false;
    handle.error = -32;
    handle.complete();
    expect(direct.pending).toBe(0);
    expect(done).not.toContain(false);
  });

  test('are given back when the socket is cut while writes wait', () => {
    const { handle, direct } = writing();
    handle.full = true;
    direct.writeAll(copiedFrames());
    direct.giveRest();
    while (handle.isBusy) handle.complete(-125);
    expect(direct.pending).toBe(0);
  });
});
