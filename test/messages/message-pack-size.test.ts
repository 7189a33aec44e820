import { decode, encode } from '@msgpack/msgpack';
import fc from 'fast-check';
import { isWholeMessagePack } from '../../src/messages/message-pack-size';
import { anyPacked, packable } from './arbitraries';

const packed = fc.oneof(
  anyPacked,
  packable.map((value) => encode(value)),
);

test('what the encoder writes is whole, for every kind of value', () => {
  fc.assert(fc.property(packable, (value) => isWholeMessagePack(encode(value))));
});

test('every format of the specification is whole, its beginnings are not, and neither is more than it', () => {
  fc.assert(
    fc.property(packed, (bytes) => {
      expect(isWholeMessagePack(bytes)).toBe(true);
      for (let end = 0; end < bytes.length; end++) {
        if (isWholeMessagePack(bytes.subarray(0, end))) throw new Error(`${end} of ${bytes.length} bytes are whole`);
      }
      expect(isWholeMessagePack(Buffer.concat([bytes, Buffer.from([0xc0])]))).toBe(false);
    }),
    { numRuns: 300 },
  );
});

/** What the decoder says: whole, too short or too long, or whole with something in it that it refuses. */
function verdictOf(bytes: Uint8Array): 'whole' | 'not whole' | 'refused' {
  try {
    decode(bytes, { maxArrayLength: bytes.length, maxMapLength: bytes.length });
    return 'whole';
  } catch (error) {
    return error instanceof RangeError ? 'not whole' : 'refused';
  }
}

const changed = fc
  .tuple(packed, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
  .map(([bytes, changes]) => {
    const copy = Uint8Array.from(bytes);
    for (const [at, octet] of changes) copy[at % copy.length] = octet;
    return copy;
  });

test('the decoder agrees, whatever the bytes', () => {
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 60 }), changed);
  fc.assert(
    fc.property(bytes, (octets) => {
      const whole = isWholeMessagePack(octets);
      const verdict = verdictOf(octets);
      if (verdict !== 'refused') expect([whole, verdict]).toEqual([verdict === 'whole', verdict]);
    }),
    { numRuns: 5000 },
  );
});

test.each([0xdc, 0xdd, 0xde, 0xdf])('0x%s with a length that nothing follows is not whole', (first) => {
  expect(isWholeMessagePack(Buffer.from([first, 0xff, 0xff, 0xff, 0xff]))).toBe(false);
  expect(isWholeMessagePack(Buffer.from([first]))).toBe(false);
});

test.each([0xc6, 0xc9, 0xdb])('0x%s with a length of 4 GiB is not whole', (first) => {
  expect(isWholeMessagePack(Buffer.from([first, 0xff, 0xff, 0xff, 0xff, 0]))).toBe(false);
});

test('0xc1, which the specification never uses, is not whole', () => {
  expect(isWholeMessagePack(Buffer.from([0xc1]))).toBe(false);
  expect(isWholeMessagePack(Buffer.from([0x92, 0xc1, 0xc0]))).toBe(false);
});

test('arrays of 4,294,967,295 elements, a thousand inside of each other, are refused without making room', () => {
  const bomb = Buffer.alloc(5000, Buffer.from([0xdd, 0xff, 0xff, 0xff, 0xff]));
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  for (let i = 0; i < 1000; i++) if (isWholeMessagePack(bomb)) throw new Error('whole');
  const after = process.memoryUsage();
  expect(after.heapUsed - heapUsed + after.arrayBuffers - arrayBuffers).toBeLessThan(8 * 1024 * 1024);
});

test('more empty maps than JSON could have in as many bytes', () => {
  const size = 350_000;
  const maps = (count: number): Buffer => {
    const bytes = Buffer.alloc(5 + count, 0x80);
    bytes[0] = 0xdd;
    bytes.writeUInt32BE(count, 1);
    return bytes;
  };
  expect(isWholeMessagePack(maps(size - 1))).toBe(true);
  expect(() => isWholeMessagePack(maps(size))).toThrow('there are more than 350000 objects and arrays in the message');
});

test('a megabyte of the deepest nesting is judged without recursion', () => {
  expect(() => isWholeMessagePack(Buffer.alloc(1024 * 1024, 0x91))).toThrow(RangeError);
  const deep = Buffer.alloc(131_073, 0x91);
  expect(isWholeMessagePack(deep.subarray(0, 131_072))).toBe(false);
  deep[deep.length - 1] = 0xc0;
  expect(isWholeMessagePack(deep)).toBe(true);
});

test('a part of a larger buffer is judged by itself', () => {
  const around = Buffer.from([0xff, 0x92, 0x01, 0x02, 0xff]);
  expect(isWholeMessagePack(around.subarray(1, 4))).toBe(true);
  expect(isWholeMessagePack(around.subarray(1, 3))).toBe(false);
});
