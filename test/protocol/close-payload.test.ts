import fc from 'fast-check';
import { closePayload, isCloseCodeOnWire } from '../../src/protocol';
import { parseClosePayload } from '../../src/protocol/close-payload';
import { bytes, holds } from './support';
import { INVALID_UTF8, VALID_UTF8 } from './utf8-samples';

const withCode = (code: number, reason: Uint8Array | string = ''): Buffer =>
  Buffer.concat([Buffer.from([code >> 8, code & 0xff]), Buffer.from(reason)]);

describe('a received payload (RFC 6455 5.5.1)', () => {
  test('of no bytes means 1005', () => {
    expect(parseClosePayload(Buffer.alloc(0))).toEqual({ code: 1005, reason: '' });
  });

  test('of one byte is a protocol error', () => {
    expect(parseClosePayload(bytes('03'))).toMatchObject({ name: 'InvalidCloseLength', closeCode: 1002 });
  });

  test('of two bytes has no reason', () => {
    expect(parseClosePayload(bytes('03e8'))).toEqual({ code: 1000, reason: '' });
  });

  test('of 125 bytes has a reason of 123', () => {
    expect(parseClosePayload(withCode(1000, 'a'.repeat(123)))).toEqual({ code: 1000, reason: 'a'.repeat(123) });
  });

  test('has one of the codes that may travel, else it is a protocol error (7.4)', () => {
    const codes = Array.from({ length: 5001 }, (_, code) => code).concat(9999, 32_768, 65_534, 65_535);
    for (const code of codes) {
      const allowed = (code >= 1000 && code < 1004) || (code > 1006 && code < 1015) || (code >= 3000 && code < 5000);
      const expected = allowed ? { code, reason: 'x' } : { name: 'InvalidCloseCode', closeCode: 1002 };
      expect(parseClosePayload(withCode(code, 'x'))).toMatchObject(expected);
    }
  });

  test.each(VALID_UTF8)('may have a reason with %s', (_what, sample) => {
    const reason = bytes(sample);
    expect(parseClosePayload(withCode(3000, reason))).toEqual({ code: 3000, reason: reason.toString() });
  });

  test.each(INVALID_UTF8)('must not have a reason with %s (8.1)', (_what, sample) => {
    expect(parseClosePayload(withCode(1000, bytes(sample)))).toMatchObject({ name: 'InvalidUtf8', closeCode: 1007 });
  });
});

describe('a payload of ours', () => {
  test('is empty without a code', () => {
    expect(closePayload()).toEqual(Buffer.alloc(0));
    expect(closePayload(undefined, '')).toEqual(Buffer.alloc(0));
  });

  test('has the code and the reason', () => {
    expect(closePayload(1000)).toEqual(bytes('03e8'));
    expect(closePayload(1001, 'é')).toEqual(bytes('03e9c3a9'));
  });

  test('has a reason of 123 bytes at the most, counted as UTF-8', () => {
    expect(closePayload(1000, 'a'.repeat(123))).toHaveLength(125);
    expect(closePayload(1000, 'é'.repeat(61))).toHaveLength(124);
    expect(() => closePayload(1000, 'a'.repeat(124))).toThrow(RangeError);
    expect(() => closePayload(1000, 'é'.repeat(62))).toThrow(RangeError);
  });

  test.each([0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65_536 + 1000, -1000, 1000.5, NaN, Infinity])(
    'never has the code %d',
    (code) => {
      expect(() => closePayload(code)).toThrow(RangeError);
    },
  );

  test.each<[unknown, unknown]>([
    ['1000', ''],
    [null, ''],
    [1000n, ''],
    [{ valueOf: () => 1000 }, ''],
    [1000, 5],
    [1000, null],
    [1000, new Float64Array(8)],
    [1000, Buffer.from('bye')],
    [undefined, 5],
    [undefined, 'a reason without a code'],
  ])('is not made of the code %p and the reason %p', (code, reason) => {
    expect(() => closePayload(code as number, reason as string)).toThrow(TypeError);
  });

  test('a lone surrogate goes out as U+FFFD, so that the peer gets UTF-8', () => {
    expect(closePayload(1000, '\ud800')).toEqual(bytes('03e8efbfbd'));
  });

  test('is read back as it was meant', () => {
    const aCode = fc.integer({ min: 1000, max: 4999 }).filter(isCloseCodeOnWire);
    const aReason = fc.string({ unit: 'binary', maxLength: 40 }).filter((reason) => Buffer.byteLength(reason) <= 123);
    holds(
      fc.property(aCode, aReason, (code, reason) => {
        expect(parseClosePayload(closePayload(code, reason))).toEqual({ code, reason });
      }),
    );
  });
});
