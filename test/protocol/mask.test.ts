import fc from 'fast-check';
import { advanceKey, readBuffer, unmask, unmaskByLoop } from '../../src/protocol/mask';
import { bytes, holds, naiveUnmask } from './support';

const keyOf = (key: Uint8Array): number => Buffer.from(key).readInt32LE();

const aKey = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.constantFrom(bytes('00000000'), bytes('ffffffff'), bytes('000000ff'), bytes('ff000000')),
);
const somePayload = fc.uint8Array({ maxLength: 70 });

test('RFC 6455 5.7: the masked "Hello"', () => {
  const target = Buffer.alloc(5);
  unmask(bytes('7f9f4d5158'), 0, 5, keyOf(bytes('37fa213d')), target, 0);
  expect(target.toString()).toBe('Hello');
});

test('agrees with RFC 6455 5.3 at every offset, key and length, and writes nothing else', () => {
  holds(
    fc.property(somePayload, aKey, fc.nat(9), fc.nat(9), (payload, key, before, at) => {
      const source = Buffer.concat([Buffer.alloc(before, 0xaa), payload, Buffer.alloc(5, 0xaa)]);
      const target = Buffer.alloc(at + payload.length + 5, 0xbb);
      unmask(source, before, before + payload.length, keyOf(key), target, at);
      expect(target).toEqual(Buffer.concat([Buffer.alloc(at, 0xbb), naiveUnmask(payload, key), Buffer.alloc(5, 0xbb)]));
    }),
    1000,
  );
});

test('works in place', () => {
  holds(
    fc.property(somePayload, aKey, fc.nat(5), (payload, key, at) => {
      const both = Buffer.concat([Buffer.alloc(at), payload]);
      unmask(both, at, both.length, keyOf(key), both, at);
      expect(both.subarray(at)).toEqual(naiveUnmask(payload, key));
    }),
  );
});

test('returns less than 0x80 exactly when all of the payload is ASCII', () => {
  const mostlyAscii = fc.array(fc.oneof({ weight: 40, arbitrary: fc.nat(0x7f) }, fc.nat(0xff)), { maxLength: 30 });
  holds(
    fc.property(mostlyAscii, aKey, (payload, key) => {
      const masked = naiveUnmask(Uint8Array.from(payload), key);
      const bits = unmask(masked, 0, masked.length, keyOf(key), masked, 0);
      expect(bits < 0x80).toBe(payload.every((octet) => octet < 0x80));
    }),
  );
});

test('a payload in pieces, each with the advanced key, is the payload in one', () => {
  holds(
    fc.property(fc.array(somePayload, { maxLength: 6 }), aKey, (pieces, key) => {
      let current = keyOf(key);
      const unmasked = pieces.map((piece) => {
        const target = Buffer.alloc(piece.length);
        unmask(piece, 0, piece.length, current, target, 0);
        current = advanceKey(current, piece.length);
        return target;
      });
      expect(Buffer.concat(unmasked)).toEqual(naiveUnmask(Buffer.concat(pieces), key));
    }),
    500,
  );
});

test('advancing twice is advancing once by the sum', () => {
  holds(
    fc.property(aKey, fc.nat(), fc.nat(), (key, first, second) => {
      const twice = advanceKey(advanceKey(keyOf(key), first), second);
      expect(twice | 0).toBe(advanceKey(keyOf(key), first + second) | 0);
    }),
  );
});

test.each([143, 144, 145, 159, 160, 161, 4096, 131_071, 131_072, 131_073, 300_000])(
  'the kernel and the loop agree on %d bytes, and on whether they are ASCII',
  (length) => {
    for (const high of [-1, 0, length - 1, length >> 1]) {
      const plain = Buffer.alloc(length, 'portal ');
      if (high >= 0) plain[high] = 0xc3;
      const masked = Buffer.alloc(length + 3);
      unmaskByLoop(plain, 0, length, 0x1234_5678, masked, 3);
      const [one, two] = [Buffer.alloc(length + 20, 1), Buffer.alloc(length + 20, 1)];
      const bits = unmask(masked, 3, length + 3, 0x1234_5678, one, 5);
      const loopBits = unmaskByLoop(masked, 3, length + 3, 0x1234_5678, two, 5);
      expect(one.equals(two)).toBe(true);
      expect(one.subarray(5, length + 5).equals(plain)).toBe(true);
      expect([bits < 0x80, loopBits < 0x80]).toEqual([high < 0, high < 0]);
    }
  },
);

describe('a payload in the memory of reads', () => {
  const LENGTHS = [0, 1, 3, 143, 144, 145, 159, 160, 161, 4099, 32_769, 65_003];

  /** Puts masked bytes at an offset of the read buffer, between others. */
  function arrive(plain: Uint8Array, start: number, key: number): void {
    readBuffer.fill(0x55);
    unmaskByLoop(plain, 0, plain.length, key, readBuffer, start);
  }

  const isUntouched = (bytes: Uint8Array, filler: number): boolean => bytes.every((octet) => octet === filler);

  test.each(LENGTHS)('%i bytes at any offset, copied elsewhere', (length) => {
    for (const high of [-1, 0, length >> 1, length - 1]) {
      const plain = Buffer.alloc(length, 'portal ');
      if (high >= 0 && length > 0) plain[high] = 0xc3;
      for (const [start, at] of [
        [0, 0],
        [2, 0],
        [7, 5],
        [16, 3],
        [readBuffer.length - length, 1],
      ] as const) {
        arrive(plain, start, 0x89ab_cdef | 0);
        const target = Buffer.alloc(length + 20, 1);
        const bits = unmask(readBuffer, start, start + length, 0x89ab_cdef | 0, target, at);
        expect(target.subarray(at, at + length).equals(plain)).toBe(true);
        expect(isUntouched(target.subarray(0, at), 1) && isUntouched(target.subarray(at + length), 1)).toBe(true);
        expect(bits < 0x80).toBe(high < 0 || length === 0);
        // the bytes around it are other frames
        expect(isUntouched(readBuffer.subarray(0, start), 0x55)).toBe(true);
        expect(isUntouched(readBuffer.subarray(start + length), 0x55)).toBe(true);
      }
    }
  });

  test.each(LENGTHS)('%i bytes at any offset, in place', (length) => {
    const plain = Buffer.alloc(length, 'in place');
    for (const start of [0, 1, 14, readBuffer.length - length]) {
      arrive(plain, start, 0x0102_0304);
      expect(unmask(readBuffer, start, start + length, 0x0102_0304, readBuffer, start)).toBeLessThan(0x80);
      expect(readBuffer.subarray(start, start + length).equals(plain)).toBe(true);
      expect(isUntouched(readBuffer.subarray(0, start), 0x55)).toBe(true);
      expect(isUntouched(readBuffer.subarray(start + length), 0x55)).toBe(true);
    }
  });

  test('a part of it is elsewhere too: a buffer that begins inside of it', () => {
    const plain = Buffer.alloc(1000, 'inside');
    arrive(plain, 64, 0x1234_5678);
    const target = Buffer.alloc(1000);
    unmask(readBuffer.subarray(64), 0, 1000, 0x1234_5678, target, 0);
    expect(target.equals(plain)).toBe(true);
  });

  test('unmasking from elsewhere leaves it as it is', () => {
    readBuffer.fill(0x55);
    const elsewhere = Buffer.alloc(400_000, 'x');
    unmask(elsewhere, 0, elsewhere.length, 0x1234_5678, elsewhere, 0);
    expect(isUntouched(readBuffer, 0x55)).toBe(true);
  });
});
