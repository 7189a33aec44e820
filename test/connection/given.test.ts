import { given } from '../../src/connection/given';

test('undefined options are left out, and no others', () => {
  const options = given({ a: undefined, b: null, c: 0, d: '', e: false });
  expect(options).toStrictEqual({ b: null, c: 0, d: '', e: false });
  expect({ a: 1, b: 2, ...options }).toEqual({ a: 1, b: null, c: 0, d: '', e: false });
});

test('the options stay as they are', () => {
  const options = { a: undefined };
  given(options);
  expect(Object.keys(options)).toEqual(['a']);
});
