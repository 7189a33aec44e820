import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { CHUNK_BYTES, chunks } from '../../src/protocol/chunks';
import { advanceKey, unmaskByLoop } from '../../src/protocol/mask';
import { PartialPayload } from '../../src/protocol/partial-payload';
import { Utf8Validator } from '../../src/protocol/utf8';
import { allocatedBy, holds } from './support';

const KEY = 0x3d21_fa37;

const hash = (bytes: Uint8Array): string => createHash('sha1').update(bytes).digest('hex');

const SIZES = [0, 1, 4095, 4096, 4097, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 500_000];

/** Bytes that repeat nowhere near the size of a chunk. */
function distinct(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >>> 8) * 7 + (i >>> 16) * 13) & 0xff;
  return bytes;
}

function masked(plain: Uint8Array, key = KEY): Buffer {
  const bytes = Buffer.alloc(plain.length);
  unmaskByLoop(plain, 0, plain.length, key, bytes, 0);
  return bytes;
}

/** Pushes a message cut at these places; all parts are of one frame, or each is a frame of its own. */
function push(payload: PartialPayload, plain: Uint8Array, cuts: readonly number[], isOneFrame = true): void {
  pushParts(payload, plain, cuts, isOneFrame);
}

/** The same for text. Returns whether each part was valid. */
function pushText(payload: PartialPayload, text: string | Uint8Array, cuts: readonly number[]): boolean[] {
  return pushParts(payload, Buffer.from(text), cuts, true, new Utf8Validator());
}

function pushParts(
  payload: PartialPayload,
  plain: Uint8Array,
  cuts: readonly number[],
  isOneFrame: boolean,
  utf8?: Utf8Validator,
): boolean[] {
  const wire = masked(plain);
  const places = [0, ...cuts.filter((at) => at > 0 && at < plain.length).sort((a, b) => a - b), plain.length];
  return places.slice(1).map((end, index) => {
    const start = places[index]!;
    if (isOneFrame) return payload.push(wire, start, end, advanceKey(KEY, start), plain.length, utf8);
    const frame = masked(plain.subarray(start, end));
    return payload.push(frame, 0, frame.length, KEY, end, utf8);
  });
}

/** The chunks that are in use after `act`, besides those before. */
function inUseAfter(act: () => void): number {
  const [take, give] = [jest.spyOn(chunks, 'take'), jest.spyOn(chunks, 'give')];
  act();
  const count = take.mock.calls.length - give.mock.calls.length;
  take.mockRestore();
  give.mockRestore();
  return count;
}

const someCuts = fc.array(fc.nat(500_000), { maxLength: 12 });
const someSize = fc.oneof(fc.constantFrom(...SIZES), fc.nat(400_000));

test('parts, cut anywhere, are what they were in one', () => {
  const payload = new PartialPayload();
  holds(
    fc.property(someSize, someCuts, fc.boolean(), fc.constantFrom('', 'tail'), (size, cuts, isOneFrame, tail) => {
      const plain = distinct(size);
      const inUse = inUseAfter(() => {
        push(payload, plain, cuts, isOneFrame);
        expect(payload.length).toBe(size);
        expect(payload.heldBytes).toBeGreaterThanOrEqual(size);
        const taken = payload.take(Buffer.from(tail));
        expect(hash(taken)).toBe(hash(Buffer.concat([plain, Buffer.from(tail)])));
      });
      expect([inUse, payload.length, payload.heldBytes]).toEqual([0, 0, 0]);
    }),
    40,
  );
});

test('what is taken is not written over by the next messages', () => {
  const payload = new PartialPayload();
  const taken = SIZES.map((size) => {
    push(payload, distinct(size), [size >> 1, size >> 2]);
    return payload.take();
  });
  for (const size of SIZES) {
    push(payload, Buffer.alloc(size, 0xee), [size >> 1]);
    payload.takeText();
  }
  expect(taken.map(hash)).toEqual(SIZES.map((size) => hash(distinct(size))));
});

test.each(['a', 'é', '€', '😀', 'aé€😀', `${'a'.repeat(999)}é`])('text of %j, cut anywhere', (unit) => {
  const payload = new PartialPayload();
  const most = fc.constantFrom(...SIZES);
  holds(
    fc.property(most, someCuts, (size, cuts) => {
      const text = unit.repeat(Math.ceil(size / Buffer.byteLength(unit)));
      const inUse = inUseAfter(() => {
        expect(pushText(payload, text, cuts).every(Boolean)).toBe(true);
        expect(payload.takeText() === text).toBe(true);
      });
      expect([inUse, payload.length, payload.heldBytes]).toEqual([0, 0, 0]);
    }),
    10,
  );
});

test.each([4096, CHUNK_BYTES, 2 * CHUNK_BYTES])('a character of four bytes at each position around %i', (boundary) => {
  const payload = new PartialPayload();
  for (let before = boundary - 5; before <= boundary + 1; before++) {
    for (let at = before - 1; at <= before + 5; at++) {
      const text = `${'x'.repeat(before)}😀ÿ`;
      expect(pushText(payload, text, [at]).every(Boolean)).toBe(true);
      expect(payload.takeText() === text).toBe(true);
    }
  }
});

test('ASCII of a megabyte and more, and ASCII after text that was not', () => {
  const payload = new PartialPayload();
  for (const text of ['é'.repeat(70_000), 'a'.repeat(999_999), 'a'.repeat(1_000_000), 'b'.repeat(5000)]) {
    pushText(payload, text, [1000, 200_000]);
    expect(payload.takeText() === text).toBe(true);
  }
});

test.each([0, 4000, CHUNK_BYTES - 1, CHUNK_BYTES, 2 * CHUNK_BYTES + 7])(
  'the first byte that cannot be UTF-8, after %i bytes, is noticed with its part',
  (before) => {
    const payload = new PartialPayload();
    const text = Buffer.concat([Buffer.alloc(before, 'a'), Buffer.from([0xc0]), Buffer.alloc(1000, 'a')]);
    const inUse = inUseAfter(() => {
      const isValid = pushText(payload, text, [before, before + 1]);
      expect(isValid[before > 0 ? 1 : 0]).toBe(false);
      payload.drop();
    });
    expect(inUse).toBe(0);
  },
);

test('ASCII behind a character that is cut proves the text invalid', () => {
  const payload = new PartialPayload();
  for (const before of [10, CHUNK_BYTES - 1]) {
    const text = Buffer.concat([Buffer.alloc(before, 'a'), Buffer.from([0xe2]), Buffer.alloc(1000, 'a')]);
    expect(pushText(payload, text, [before + 1])).toEqual([true, false]);
    payload.drop();
  }
});

test('bytes without a validator are not looked at', () => {
  const payload = new PartialPayload();
  const bytes = Buffer.alloc(200_000, 0xff);
  expect(payload.push(masked(bytes), 0, bytes.length, KEY, bytes.length)).toBe(true);
  expect(hash(payload.take())).toBe(hash(bytes));
});

test('memory grows with what has arrived, whatever was declared', () => {
  const payload = new PartialPayload();
  const part = masked(distinct(1000));
  for (let arrived = 1000; arrived <= 1_000_000; arrived += 1000) {
    payload.push(part, 0, 1000, KEY, 2 ** 40);
    expect(payload.heldBytes).toBeLessThanOrEqual(Math.max(4096, Math.min(arrived * 5, arrived + CHUNK_BYTES)));
  }
  expect(payload.length).toBe(1_000_000);
  payload.drop();
  expect([payload.length, payload.heldBytes]).toEqual([0, 0]);
});

test('a message of single bytes is copied only now and then', () => {
  const payload = new PartialPayload();
  const byte = Buffer.from([1]);
  const sizes = allocatedBy(() => {
    for (let arrived = 1; arrived <= 400_000; arrived++) payload.push(byte, 0, 1, 0, arrived);
  });
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(800_000);
  expect(payload.take().every((octet) => octet === 1)).toBe(true);
});

test('a dropped payload gives all its chunks back, and may be filled again', () => {
  const payload = new PartialPayload();
  const inUse = inUseAfter(() => {
    for (const size of SIZES) {
      push(payload, distinct(size), []);
      payload.drop();
      payload.drop();
      expect([payload.length, payload.heldBytes]).toEqual([0, 0]);
    }
  });
  expect(inUse).toBe(0);
});
