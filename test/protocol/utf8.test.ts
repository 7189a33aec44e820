import { isUtf8 } from 'node:buffer';
import fc from 'fast-check';
import { Utf8Validator } from '../../src/protocol/utf8';
import { bytes, cut, holds } from './support';
import { INVALID_UTF8, VALID_UTF8 } from './utf8-samples';

/** Index of the first byte that makes the input invalid; its length when only the end of a character is missing. */
function failsAt(input: Uint8Array, validator = new Utf8Validator()): number | undefined {
  for (let at = 0; at < input.length; at++) if (!validator.push(input, at, at + 1)) return at;
  return validator.complete ? undefined : input.length;
}

function accepts(chunks: Uint8Array[], validator = new Utf8Validator()): boolean {
  return chunks.every((chunk) => validator.push(chunk, 0, chunk.length)) && validator.complete;
}

/** Whether valid text can begin with these bytes: they are valid, or become so with at most three more. */
function isPrefixOfValid(input: Uint8Array): boolean {
  const endings = ['', '80', 'a0', '90', '8080', 'a080', '9080', '808080', '908080'].map(bytes);
  return endings.some((ending) => isUtf8(Buffer.concat([input, ending])));
}

function naiveFailsAt(input: Uint8Array): number | undefined {
  for (let at = 0; at < input.length; at++) if (!isPrefixOfValid(input.subarray(0, at + 1))) return at;
  return isUtf8(input) ? undefined : input.length;
}

/** Text with wrong bytes in it, of lengths around the one from which native code takes over. */
const almostText = fc
  .tuple(
    fc.oneof(fc.string({ unit: 'binary', maxLength: 40 }), fc.string({ maxLength: 100 })),
    fc.string({ unit: 'binary', maxLength: 40 }),
    fc.oneof(fc.uint8Array({ maxLength: 4 }), fc.constantFrom(...INVALID_UTF8.map(([, sample]) => bytes(sample)))),
  )
  .map(([before, after, middle]) => Buffer.concat([Buffer.from(before), middle, Buffer.from(after)]));

const input = fc.oneof(almostText, fc.uint8Array({ maxLength: 8 }), fc.string({ unit: 'binary' }).map(Buffer.from));

const fatal = new TextDecoder('utf-8', { fatal: true });
const decodes = (whole: Uint8Array): boolean => {
  try {
    fatal.decode(whole);
    return true;
  } catch {
    return false;
  }
};

test.each(VALID_UTF8)('%s is valid', (_what, sample) => {
  expect(failsAt(bytes(sample))).toBeUndefined();
});

test.each(INVALID_UTF8)('%s fails at the byte that proves it (RFC 3629 4)', (_what, sample, proof) => {
  expect(failsAt(bytes(sample))).toBe(proof);
});

describe.each([0, 1, 44, 45, 46, 47, 48, 49, 100])('after %d bytes, in one piece', (length) => {
  const before = Buffer.alloc(length, 'é').subarray(0, length - (length % 2));

  test.each(VALID_UTF8)('%s is valid', (_what, sample) => {
    expect(accepts([Buffer.concat([before, bytes(sample)])])).toBe(true);
  });

  test.each(INVALID_UTF8)('%s is not', (_what, sample, proof) => {
    const whole = Buffer.concat([before, bytes(sample)]);
    expect(accepts([whole])).toBe(false);
    const validator = new Utf8Validator();
    expect(validator.push(whole, 0, before.length + proof)).toBe(true);
    if (proof < bytes(sample).length) expect(validator.push(whole, before.length + proof, whole.length)).toBe(false);
  });
});

test('every pair of bytes, and every lead with every second byte and good ones after it', () => {
  const wrong: string[] = [];
  for (let first = 0; first < 256; first++) {
    for (let second = 0; second < 256; second++) {
      for (const rest of ['', '80', '8080']) {
        const whole = Buffer.concat([Buffer.from([first, second]), bytes(rest)]);
        if (failsAt(whole) !== naiveFailsAt(whole)) wrong.push(whole.toString('hex'));
      }
    }
  }
  expect(wrong).toEqual([]);
});

test('agrees with isUtf8 and with TextDecoder, however the input is cut', () => {
  holds(
    fc.property(input, fc.array(fc.nat(250), { maxLength: 6 }), (whole, places) => {
      const accepted = accepts(cut(whole, places));
      expect(accepted).toBe(isUtf8(whole));
      expect(accepted).toBe(decodes(whole));
    }),
    1000,
  );
});

test('fails at the earliest byte: all before it can begin a valid text', () => {
  holds(
    fc.property(input, (whole) => {
      expect(failsAt(whole)).toBe(naiveFailsAt(whole));
    }),
    1000,
  );
});

test('a chunk is refused exactly when it holds that byte', () => {
  holds(
    fc.property(input, fc.array(fc.nat(250), { maxLength: 6 }), (whole, places) => {
      const proof = naiveFailsAt(whole) ?? whole.length;
      const validator = new Utf8Validator();
      let end = 0;
      for (const chunk of cut(whole, places)) {
        end += chunk.length;
        const accepted = validator.push(chunk, 0, chunk.length);
        expect(accepted).toBe(end <= proof);
        if (!accepted) break;
      }
    }),
    500,
  );
});

test('reset() forgets the character under way', () => {
  const validator = new Utf8Validator();
  validator.push(bytes('ed'), 0, 1);
  expect(validator.complete).toBe(false);
  validator.reset();
  expect(validator.complete).toBe(true);
  expect(accepts([bytes('c3bf')], validator)).toBe(true);
});
