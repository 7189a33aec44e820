import { Admission } from '../../../src/server/upgrade/admission';
import { NONE } from '../../../src/connection/limits';

const limited = (maxConnections = NONE, maxConnectionsPerAddress = NONE) => ({
  limits: { maxConnections, maxConnectionsPerAddress },
});

test('beyond the limit of the application: 503, until one leaves', () => {
  const path = limited();
  const admission = new Admission(limited(2));
  expect(admission.admit(path, '10.0.0.1')).toBeUndefined();
  expect(admission.admit(path, '10.0.0.2')).toBeUndefined();
  expect(admission.admit(path, '10.0.0.3')?.status).toBe(503);
  admission.release(path, '10.0.0.1');
  expect(admission.admit(path, '10.0.0.3')).toBeUndefined();
});

test('beyond the limit of a path: 503 there, and room elsewhere', () => {
  const [small, other] = [limited(1), limited()];
  const admission = new Admission(limited());
  expect(admission.admit(small, 'a')).toBeUndefined();
  expect(admission.admit(small, 'a')?.status).toBe(503);
  expect(admission.admit(other, 'a')).toBeUndefined();
});

test('beyond the limit of an address: 429 for it alone, and what is refused is not counted', () => {
  const path = limited();
  const admission = new Admission(limited(NONE, 2));
  for (let i = 0; i < 2; i++) expect(admission.admit(path, '10.0.0.1')).toBeUndefined();
  for (let i = 0; i < 5; i++) expect(admission.admit(path, '10.0.0.1')?.status).toBe(429);
  expect(admission.admit(path, '10.0.0.2')).toBeUndefined();
  admission.release(path, '10.0.0.1');
  expect(admission.admit(path, '10.0.0.1')).toBeUndefined();
});

test('an address may have its limit on a path', () => {
  const path = limited(NONE, 1);
  const admission = new Admission(limited());
  expect(admission.admit(path, 'a')).toBeUndefined();
  expect(admission.admit(path, 'a')?.status).toBe(429);
});

test.each([
  ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', 429],
  ['2001:db8:1:2::1', '2001:0db8:0001:0002::1', 429],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', undefined],
  ['10.0.0.1', '10.0.0.10', undefined],
  ['', '', 429],
])('with %s there, %s is refused with %s', (first, second, status) => {
  const path = limited();
  const admission = new Admission(limited(NONE, 1));
  expect(admission.admit(path, first)).toBeUndefined();
  expect(admission.admit(path, second)?.status).toBe(status);
});
