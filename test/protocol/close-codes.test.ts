import { CloseCode, isCloseCodeOnWire } from '../../src/protocol';

const range = (first: number, last: number): number[] => Array.from({ length: last - first + 1 }, (_, i) => first + i);

test('of 0 to 65535, exactly 1000–1003, 1007–1014 and 3000–4999 may travel (RFC 6455 7.4)', () => {
  const expected = [...range(1000, 1003), ...range(1007, 1014), ...range(3000, 4999)];
  expect(range(0, 65_535).filter(isCloseCodeOnWire)).toEqual(expected);
});

test.each([-1, -1000, NaN, Infinity, -Infinity])('%d may not', (code) => {
  expect(isCloseCodeOnWire(code)).toBe(false);
});

test('the names are those of RFC 6455 7.4.1 and of the IANA registry', () => {
  expect(CloseCode).toEqual({
    Normal: 1000,
    GoingAway: 1001,
    ProtocolError: 1002,
    UnsupportedData: 1003,
    NoStatusReceived: 1005,
    AbnormalClosure: 1006,
    InvalidPayload: 1007,
    PolicyViolation: 1008,
    MessageTooBig: 1009,
    MandatoryExtension: 1010,
    InternalError: 1011,
    ServiceRestart: 1012,
    TryAgainLater: 1013,
  });
});
