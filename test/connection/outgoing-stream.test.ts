import { sendFragments, type Chunk, type FragmentSender } from '../../src/connection/outgoing-stream';

async function* from(chunks: Iterable<Chunk>): AsyncGenerator<Chunk> {
  yield* chunks;
}

class Recorder implements FragmentSender {
  readonly frames: [number, string][] = [];
  readonly controller = new AbortController();
  rooms = 0;

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  sendFragment(first: number, payload: Uint8Array): void {
    this.frames.push([first, Buffer.from(payload).toString()]);
  }

  roomForFragment(): Promise<void> {
    this.rooms++;
    return Promise.resolve();
  }
}

test('the first fragment has the opcode, the others none, the last is empty and has FIN', async () => {
  const text = new Recorder();
  await sendFragments(text, from(['a', 'b']));
  expect(text.frames).toEqual([
    [0x01, 'a'],
    [0x00, 'b'],
    [0x80, ''],
  ]);
  expect(text.rooms).toBe(2);
  const binary = new Recorder();
  await sendFragments(binary, from([Buffer.from('a')]));
  expect(binary.frames.map(([first]) => first)).toEqual([0x02, 0x80]);
});

test('no chunks are an empty message', async () => {
  const sender = new Recorder();
  await sendFragments(sender, from([]));
  expect(sender.frames).toEqual([[0x82, '']]);
});

test('when the connection closes, the source has ended, and the message is left as it is', async () => {
  const sender = new Recorder();
  await sendFragments(
    sender,
    (async function* () {
      yield 'a';
      sender.controller.abort();
    })(),
  );
  expect(sender.frames).toEqual([[0x01, 'a']]);
});

test('half a character waits for the other half', async () => {
  const sender = new Recorder();
  await sendFragments(sender, from(['\ud83d', '\ude00', 'x\ud83d']));
  expect(sender.frames.map(([, payload]) => payload)).toEqual(['😀', 'x', '\ufffd']);
});
