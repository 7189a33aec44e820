import { DEFAULT_LIMITS, NONE } from '../../../src/connection/limits';
import type { Handshake } from '../../../src/handshake';
import { Admission } from '../../../src/server/upgrade/admission';

const limited = (maxConnections = NONE, maxConnectionsPerAddress = NONE) => ({
  limits: { ...DEFAULT_LIMITS, maxConnections, maxConnectionsPerAddress },
});

type Limited = ReturnType<typeof limited>;

function connection(route: Limited, remoteAddress: string) {
  const handshake: Handshake = { headers: {}, url: '/', httpVersion: '1.1', remoteAddress, secure: false };
  return { route, connection: { handshake } };
}

/** Admits a connection. Returns the status of its refusal, where it is refused. */
function admit(admission: Admission, route: Limited, address: string): number | undefined {
  const admitted = connection(route, address);
  const refusal = admission.check(route, admitted.connection.handshake);
  if (refusal === undefined) admission.add(admitted);
  return refusal?.status;
}

test('beyond the limit of the application: 503, until one leaves', () => {
  const path = limited();
  const admission = new Admission(limited(2));
  expect(admit(admission, path, '10.0.0.1')).toBeUndefined();
  expect(admit(admission, path, '10.0.0.2')).toBeUndefined();
  expect(admit(admission, path, '10.0.0.3')).toBe(503);
  admission.delete(connection(path, '10.0.0.1'));
  expect(admit(admission, path, '10.0.0.3')).toBeUndefined();
});

test('beyond the limit of a path: 503 there, and room elsewhere', () => {
  const [small, other] = [limited(1), limited()];
  const admission = new Admission(limited());
  expect(admit(admission, small, 'a')).toBeUndefined();
  expect(admit(admission, small, 'a')).toBe(503);
  expect(admit(admission, other, 'a')).toBeUndefined();
});

test('beyond the limit of an address: 429 for it alone, and a refused connection is not counted', () => {
  const path = limited();
  const admission = new Admission(limited(NONE, 2));
  for (let i = 0; i < 2; i++) expect(admit(admission, path, '10.0.0.1')).toBeUndefined();
  for (let i = 0; i < 5; i++) expect(admit(admission, path, '10.0.0.1')).toBe(429);
  expect(admit(admission, path, '10.0.0.2')).toBeUndefined();
  admission.delete(connection(path, '10.0.0.1'));
  expect(admit(admission, path, '10.0.0.1')).toBeUndefined();
});

test('an address may have its limit on a path', () => {
  const path = limited(NONE, 1);
  const admission = new Admission(limited());
  expect(admit(admission, path, 'a')).toBeUndefined();
  expect(admit(admission, path, 'a')).toBe(429);
});
