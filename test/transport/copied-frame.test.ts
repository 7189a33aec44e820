import fc from 'fast-check';
import { chunks, CHUNK_BYTES, FIN, Opcode } from '../../src/protocol';
import { CopiedFrame } from '../../src/transport/copied-frame';
import { holds } from '../protocol/support';
import { BINARY, readServerFrame, TEXT } from '../support/frames';
import { joined } from './support';

const BATCH = 8 * CHUNK_BYTES;

/** Makes a frame and gives it back; checks that it is one frame with this payload. */
function check(opcode: number, payload: Uint8Array | string): void {
  const [take, give] = [jest.spyOn(chunks, 'take'), jest.spyOn(chunks, 'give')];
  const copied = new CopiedFrame(FIN | opcode, payload);
  const bytes = joined([copied]);
  copied.release();
  const [taken, given] = [take.mock.calls.length, give.mock.calls.length];
  take.mockRestore();
  give.mockRestore();
  const read = readServerFrame(bytes);
  expect(read).toMatchObject({ size: bytes.length, frame: { fin: true, rsv: 0, opcode, masked: false } });
  expect(read!.frame.payload.equals(Buffer.from(payload as string))).toBe(true);
  expect(copied.length).toBe(bytes.length);
  expect(given).toBe(taken);
  expect(taken).toBeLessThanOrEqual(Math.ceil(bytes.length / (CHUNK_BYTES - 3)) + 1);
}

const SIZES = [0, 1, 125, 126, 127, 65_535, 65_536].concat(
  [CHUNK_BYTES, 3 * CHUNK_BYTES, BATCH, 2 * BATCH].flatMap((size) =>
    [-11, -10, -4, -1, 0, 1, 10].map((by) => size + by),
  ),
);

test.each(SIZES)('%i bytes, binary and ASCII', (size) => {
  check(Opcode.Binary, Buffer.alloc(size, 'binary'));
  check(Opcode.Text, 'x'.repeat(size));
});

test.each(['é', '€', '😀', '\ud83d', '\ude00\ud83d', 'a😀', 'ab😀', 'abc😀'])(
  'text of %j around the end of a batch',
  (unit) => {
    for (let before = 0; before < 8; before++) {
      check(Opcode.Text, 'x'.repeat(before) + unit.repeat(Math.ceil((BATCH + 20) / Buffer.byteLength(unit))));
    }
  },
);

test('a character of any length at each position around the end of a chunk and of a batch', () => {
  for (const end of [CHUNK_BYTES, BATCH]) {
    for (const character of ['é', '€', '😀', '\ud83d']) {
      for (let before = end - 20; before <= end; before++) check(Opcode.Text, `${'x'.repeat(before)}${character}z`);
    }
  }
});

test('any text', () => {
  const unit = fc.constantFrom('a', 'é', '€', '😀', '\ud83d', '\ude00');
  const part = fc.tuple(unit, fc.nat(60_000)).map(([character, times]) => character.repeat(times));
  holds(
    fc.property(fc.array(part, { minLength: 1, maxLength: 8 }), (parts) => check(TEXT, parts.join(''))),
    25,
  );
});

test('the message may change once the frame is made', () => {
  const payload = Buffer.alloc(300_000, 'a');
  const copied = new CopiedFrame(FIN | BINARY, payload);
  payload.fill('b');
  expect(readServerFrame(joined([copied]))!.frame.payload.equals(Buffer.alloc(300_000, 'a'))).toBe(true);
  copied.release();
});
