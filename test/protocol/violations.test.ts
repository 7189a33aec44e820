import { closePayload, Violations } from '../../src/protocol';

const all = Object.entries(Violations);

test.each(all)('%s bears its own name', (name, violation) => {
  expect(violation.name).toBe(name);
});

test.each(all)('%s fits into a Close frame (RFC 6455 5.5)', (_name, { closeCode, message }) => {
  expect(message).not.toBe('');
  expect(Buffer.byteLength(message)).toBeLessThanOrEqual(123);
  expect(closePayload(closeCode, message).readUInt16BE()).toBe(closeCode);
});

const OTHER_CODES = new Map([
  ['InvalidUtf8', 1007],
  ['InvalidDeflate', 1007],
  ['MessageTooBig', 1009],
  ['EmptyFragments', 1008],
]);

test.each(all)('%s is a protocol error, 1002, unless it has a code of its own (RFC 6455 7.4.1)', (name, violation) => {
  expect(violation.closeCode).toBe(OTHER_CODES.get(name) ?? 1002);
});
