import { IncomingStream, IncompleteMessageError, MessageStream } from '../../src/connection/message-stream';
import { KeptInflateStream } from '../../src/protocol/inflate-stream';
import { deflateMessage } from '../support/deflate';

function incoming(binary: boolean, { max = 1_000_000, compressed = false, remembers = false } = {}) {
  const reports: string[] = [];
  const stream: IncomingStream = new IncomingStream(
    binary,
    max,
    {
      onStreamRead: () => void reports.push('read'),
      onStreamViolation: ({ name }) => void reports.push(name),
      onInflated: (bytes) => void reports.push(`inflated ${bytes.length}`),
    },
    compressed ? new KeptInflateStream(Buffer.alloc(0)) : undefined,
    remembers,
  );
  return { stream, message: new MessageStream(stream), reports };
}

async function all(message: MessageStream): Promise<(string | number[])[]> {
  const pieces: (string | number[])[] = [];
  for await (const piece of message) pieces.push(typeof piece === 'string' ? piece : [...piece]);
  return pieces;
}

const turn = (): Promise<void> => new Promise(setImmediate);

test('bytes come as they arrive', async () => {
  const { stream, message } = incoming(true);
  expect(message.binary).toBe(true);
  stream.push(Buffer.from([1, 2]));
  const read = all(message);
  await turn();
  stream.push(Buffer.from([3]));
  stream.end();
  expect(await read).toEqual([[1, 2], [3]]);
});

test('text is cut between characters only', async () => {
  const { stream, message } = incoming(false);
  for (const byte of Buffer.from('aé€😀')) stream.push(Buffer.from([byte]));
  stream.end();
  expect(await all(message)).toEqual(['a', 'é', '€', '😀']);
});

test('there is room while nothing waits to be read', async () => {
  const { stream, message, reports } = incoming(true);
  expect(stream.hasRoom).toBe(true);
  stream.push(Buffer.from([1]));
  expect(stream.hasRoom).toBe(false);
  const read = all(message);
  await turn();
  expect(stream.hasRoom).toBe(true);
  expect(reports).toEqual(['read']);
  stream.end();
  await read;
});

test('a message that is not completed throws where it is read, after what had arrived', async () => {
  const { stream, message } = incoming(true);
  const pieces: unknown[] = [];
  const read = (async () => {
    for await (const piece of message) pieces.push(piece);
  })();
  stream.push(Buffer.from([1]));
  await turn();
  stream.fail();
  await expect(read).rejects.toThrow(IncompleteMessageError);
  expect(pieces).toHaveLength(1);
});

test('a handler that settles without reading throws the rest away; one that reads keeps it', async () => {
  const unread = incoming(true);
  unread.stream.push(Buffer.from([1]));
  unread.stream.release();
  expect(unread.stream.hasRoom).toBe(true);
  unread.stream.push(Buffer.from([2]));
  expect(unread.stream.hasRoom).toBe(true);
  await expect(all(unread.message)).rejects.toThrow('a message can be read once, and while its handler is at work');

  const reading = incoming(true);
  const read = all(reading.message);
  reading.stream.release();
  reading.stream.push(Buffer.from([1]));
  reading.stream.end();
  expect(await read).toEqual([[1]]);
});

test('leaving the loop throws the rest away', async () => {
  const { stream, message } = incoming(true);
  stream.push(Buffer.from([1]));
  stream.push(Buffer.from([2]));
  for await (const piece of message) {
    expect(piece.length).toBe(1);
    break;
  }
  stream.push(Buffer.from([3]));
  expect(stream.hasRoom).toBe(true);
});

test('a reader that stops while nothing comes is done at once, and the rest is thrown away', async () => {
  const { stream, message } = incoming(true);
  stream.push(Buffer.from([1]));
  const iterator = message[Symbol.asyncIterator]();
  await iterator.next();
  const next = iterator.next();
  await turn();
  await iterator.return!();
  expect(await next).toMatchObject({ done: true });
  stream.push(Buffer.from([2]));
  expect(stream.hasRoom).toBe(true);
});

test.each([false, true])(
  'what has arrived of a message that is not completed is held no longer; compressed: %p',
  (compressed) => {
    const { stream } = incoming(true, { compressed });
    stream.push(Buffer.from([1, 2, 3]));
    expect(stream.heldBytes).toBeGreaterThanOrEqual(3);
    stream.fail();
    expect(stream.heldBytes).toBe(0);
  },
);

test('it can be read once', async () => {
  const { stream, message } = incoming(true);
  stream.end();
  await all(message);
  await expect(all(message)).rejects.toThrow('a message can be read once');
});

describe('compressed', () => {
  test('it is inflated while it is read', async () => {
    const { stream, message, reports } = incoming(false, { compressed: true });
    const payload = deflateMessage('é'.repeat(100_000));
    stream.push(payload.subarray(0, 10));
    stream.push(payload.subarray(10));
    stream.end();
    expect((await all(message)).join('')).toBe('é'.repeat(100_000));
    expect(reports.some((report) => report.startsWith('inflated'))).toBe(true);
  });

  test.each<[string, Buffer, string]>([
    ['beyond the limit', deflateMessage(Buffer.alloc(1_000_001)), 'MessageTooBig'],
    ['corrupt', Buffer.from([0xff]), 'InvalidDeflate'],
    ['invalid UTF-8', deflateMessage(Buffer.from([0xff])), 'InvalidUtf8'],
    ['a character cut at the end', deflateMessage(Buffer.from([0xc3])), 'InvalidUtf8'],
  ])('what is %s breaks a rule', async (_what, payload, violation) => {
    const { stream, message, reports } = incoming(false, { compressed: true });
    stream.push(payload);
    stream.end();
    await expect(all(message)).rejects.toThrow(IncompleteMessageError);
    expect(reports).toContain(violation);
  });

  test('discarded bytes are inflated only where later messages may refer to them', () => {
    const forgets = incoming(true, { compressed: true });
    forgets.stream.release();
    forgets.stream.push(deflateMessage('Hello'));
    forgets.stream.end();
    expect(forgets.reports).not.toContain('inflated 5');
    const remembers = incoming(true, { compressed: true, remembers: true });
    remembers.stream.release();
    remembers.stream.push(deflateMessage('Hello'));
    remembers.stream.end();
    expect(remembers.reports).toContain('inflated 5');
  });
});
