import { hasExactId, isExactNumber } from '../../src/messages/exact-number';

test.each([
  '0',
  '-0',
  '007',
  '1',
  '-1',
  '1.0',
  '1.50',
  '1e2',
  '1E+2',
  '1e-2',
  '0.1',
  '9007199254740991',
  '100000000000000000000',
  '1e308',
  '0e999999',
])('%s is exact', (text) => {
  expect(isExactNumber(text)).toBe(true);
});

test.each([
  ...['', ' 1', '1 ', '+1', '.5', '1.', '0x10', '1_000', '١', 'NaN', 'Infinity', '1e', '1n'],
  ...['9007199254740993', '-9007199254740993', '12345678901234567890', '9007199254740991.4', '0.1234567890123456789'],
  ...[
    '1e400',
    '-1e400',
    '1e-400',
    '5e-325',
    '1.00000000000000000001',
    '1'.repeat(1_000_000),
    `0.${'0'.repeat(1_000_000)}1`,
  ],
])('%.30s is not', (text) => {
  expect(isExactNumber(text)).toBe(false);
});

test.each([
  '{"event":"a","id":7}',
  '{"id" : 1.5,"event":"a"}',
  '{"id":1e2}',
  '{"data":{"id":1e400},"id":7}',
  '{"data":[{"id":1e-400}],"id": 7 }',
  '{"data":"\\"id\\":1e-400,","id":7}',
  '{"id":1e-400,"id":7}',
  '{"\\u0069d":7,"data":1.5}',
  '{"id":"1e-400"}',
])('%s has an exact id', (text) => {
  expect(hasExactId(text)).toBe(true);
});

test.each([
  '{"event":"a","id":1e-400}',
  '{"id":1e400}',
  '{"data":{"id":7},"id" : 9007199254740991.4 ,"event":"a"}',
  '{"id":7,"id":1e-400}',
  '{"\\u0069d":1e-400,"data":1.5}',
  `{"id":0.${'1'.repeat(5000)}}`,
  `{"data":"${'\\u0041'.repeat(100_000)}","id":1.00000000000000000001}`,
])('%.60s has not', (text) => {
  expect(hasExactId(text)).toBe(false);
});
