import { Refusal, refuse } from '../../src/handshake';

test('refuse() takes the status, with its usual words as body', () => {
  const refusal = refuse(403);
  expect(refusal).toBeInstanceOf(Refusal);
  expect({ ...refusal }).toEqual({ status: 403, body: 'Forbidden', headers: {} });
});

test('refuse() takes headers and a body', () => {
  const headers = { 'Retry-After': '120' };
  expect({ ...refuse(503, { headers, body: 'soon' }) }).toEqual({ status: 503, body: 'soon', headers });
  expect(refuse(503, { body: '' }).body).toBe('');
});

test('a status without usual words has a body too', () => {
  expect(refuse(499).body).toBe('Refused');
});

test.each([300, 301, 400, 426, 599])('%d is a refusal', (status) => {
  expect(refuse(status).status).toBe(status);
});

test.each([0, 100, 101, 200, 204, 299, 600, 1000, -400, 400.5, NaN, Infinity, '403', undefined])(
  '%p is none',
  (status) => {
    expect(() => refuse(status as number)).toThrow(RangeError);
  },
);
