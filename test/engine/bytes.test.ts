import { bytesOf } from '../../src/engine/bytes';

const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
const shared = new SharedArrayBuffer(4);
new Uint8Array(shared).set([1, 2, 3, 4]);

test.each<[string, unknown, number[]]>([
  ['a Uint8Array', new Uint8Array(buffer, 1, 2), [2, 3]],
  ['a Buffer', Buffer.from([1, 2]), [1, 2]],
  ['a Uint16Array', new Uint16Array(buffer, 2, 2), [3, 4, 5, 6]],
  ['a Float64Array', new Float64Array(buffer), [1, 2, 3, 4, 5, 6, 7, 8]],
  ['a DataView', new DataView(buffer, 3, 2), [4, 5]],
  ['an ArrayBuffer', buffer, [1, 2, 3, 4, 5, 6, 7, 8]],
  ['a SharedArrayBuffer', shared, [1, 2, 3, 4]],
  ['a view of shared memory', new Uint16Array(shared, 2), [3, 4]],
  ['nothing', new ArrayBuffer(0), []],
])('%s has bytes', (_what, value, bytes) => {
  expect([...bytesOf(value)!]).toEqual(bytes);
});

test('they stay where they are', () => {
  const words = new Uint16Array(buffer);
  expect(bytesOf(words)!.buffer).toBe(buffer);
  const bytes = new Uint8Array(1);
  expect(bytesOf(bytes)).toBe(bytes);
});

test.each([undefined, null, 5, 'text', {}, [1, 2], { length: 1, byteLength: 1 }, new Blob(['x'])])(
  '%p has none',
  (value) => {
    expect(bytesOf(value)).toBeUndefined();
  },
);
