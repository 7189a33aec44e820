import fc from 'fast-check';
import { FIN, Opcode } from '../../src/protocol/opcodes';
import {
  frame,
  frameHeader,
  serverHeaderSize,
  textFrameRoom,
  writeFrame,
  writeHeader,
  writeTextFrame,
} from '../../src/protocol/frame-writer';
import { readServerFrame } from '../support/frames';
import { bytes, hex, holds } from './support';

/** Around the frame, to see that nothing else is written. */
const GUARD = 7;

function written(room: number, write: (target: Buffer, at: number) => number): Buffer {
  const target = Buffer.alloc(GUARD + room + GUARD, 0xa5);
  const end = write(target, GUARD);
  expect(end).toBeLessThanOrEqual(GUARD + room);
  expect(hex(target.subarray(0, GUARD))).toBe('a5'.repeat(GUARD));
  expect(hex(target.subarray(GUARD + room))).toBe('a5'.repeat(GUARD));
  return target.subarray(GUARD, end);
}

function textFrame(text: string): Buffer {
  return written(textFrameRoom(text), (target, at) => writeTextFrame(target, at, FIN | Opcode.Text, text));
}

function expectOneFrame(encoded: Buffer, opcode: number, payload: Uint8Array): void {
  const read = readServerFrame(encoded);
  expect(read?.size).toBe(encoded.length);
  const { payload: got, ...rest } = read!.frame;
  expect(rest).toEqual({ fin: true, rsv: 0, opcode, masked: false });
  expect(got.equals(payload)).toBe(true);
}

test('RFC 6455 5.7: the unmasked "Hello", a fragment of it, a ping, and the headers of 256 bytes and 64 KiB', () => {
  const hello = Buffer.from('Hello');
  expect(frame(FIN | Opcode.Text, hello)).toEqual(bytes('810548656c6c6f'));
  expect(textFrame('Hello')).toEqual(bytes('810548656c6c6f'));
  expect(written(5, (target, at) => writeFrame(target, at, Opcode.Text, hello.subarray(0, 3)))).toEqual(
    bytes('010348656c'),
  );
  expect(frame(FIN | Opcode.Ping, hello)).toEqual(bytes('890548656c6c6f'));
  expect(frame(FIN | Opcode.Binary, Buffer.alloc(256)).subarray(0, 4)).toEqual(bytes('827e0100'));
  expect(frame(FIN | Opcode.Binary, Buffer.alloc(65_536)).subarray(0, 10)).toEqual(bytes('827f0000000000010000'));
});

test.each([
  [0, '8200'],
  [1, '8201'],
  [125, '827d'],
  [126, '827e007e'],
  [127, '827e007f'],
  [65_535, '827effff'],
  [65_536, '827f0000000000010000'],
  [2 ** 31, '827f0000000080000000'],
  [2 ** 32 - 1, '827f00000000ffffffff'],
  [2 ** 32, '827f0000000100000000'],
  [2 ** 53 - 1, '827f001fffffffffffff'],
])('the header for %d bytes takes no more than it must (RFC 6455 5.2)', (length, expected) => {
  const size = serverHeaderSize(length);
  expect(hex(written(size, (target, at) => writeHeader(target, at, FIN | Opcode.Binary, length)))).toBe(expected);
  expect(hex(frameHeader(FIN | Opcode.Binary, length))).toBe(expected);
});

const lengths = [0, 1, 124, 125, 126, 127, 65_534, 65_535, 65_536, 65_537];

describe.each(lengths)('a frame of %d bytes', (length) => {
  const payload = Buffer.alloc(length, 'portal');

  test('in a buffer of its own', () => {
    expectOneFrame(frame(FIN | Opcode.Binary, payload), Opcode.Binary, payload);
  });

  test('in place', () => {
    const room = serverHeaderSize(length) + length;
    const encoded = written(room, (target, at) => writeFrame(target, at, FIN | Opcode.Binary, payload));
    expectOneFrame(encoded, Opcode.Binary, payload);
  });

  test('of text, one byte a character', () => {
    expectOneFrame(textFrame('a'.repeat(length)), Opcode.Text, Buffer.alloc(length, 'a'));
  });

  test.each(['é', '€', '😀'])('of text that is longer in bytes than in characters: %s', (character) => {
    const text = character.repeat(Math.floor(length / Buffer.byteLength(character)));
    expectOneFrame(textFrame(text), Opcode.Text, Buffer.from(text));
    const padded = text + 'a'.repeat(length - Buffer.byteLength(text));
    expectOneFrame(textFrame(padded), Opcode.Text, Buffer.from(padded));
  });
});

test('a text whose characters fit a short header and whose bytes do not', () => {
  for (const length of [42, 62, 63, 64, 125, 126, 21_846, 32_768, 65_535]) {
    for (const character of ['é', '€']) {
      const text = character.repeat(length);
      expectOneFrame(textFrame(text), Opcode.Text, Buffer.from(text));
    }
  }
});

test('a lone surrogate goes out as U+FFFD, so that the peer gets UTF-8 (RFC 6455 5.6)', () => {
  expect(hex(textFrame('\ud800a\udc00'))).toBe('8107efbfbd61efbfbd');
});

test('the first byte is the caller’s: FIN, reserved bits and opcode', () => {
  const firsts = [0x01, 0x00, 0x80, 0xc1].map((first) => written(2, (target, at) => writeHeader(target, at, first, 0)));
  expect(firsts.map(hex)).toEqual(['0100', '0000', '8000', 'c100']);
});

test('frames are read as they were written', () => {
  const someText = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 200 }),
    fc.tuple(fc.string({ unit: 'binary', minLength: 1, maxLength: 3 }), fc.nat(200)).map(([s, n]) => s.repeat(n)),
  );
  holds(
    fc.property(someText, fc.uint8Array({ maxLength: 300 }), (text, payload) => {
      expectOneFrame(textFrame(text), Opcode.Text, Buffer.from(text));
      expectOneFrame(frame(FIN | Opcode.Binary, payload), Opcode.Binary, payload);
    }),
    500,
  );
});
