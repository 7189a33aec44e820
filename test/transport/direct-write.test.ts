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
