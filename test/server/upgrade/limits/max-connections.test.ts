import type { Handshake } from '../../../../src/handshake';
import { maxConnections } from '../../../../src/server/upgrade/limits/max-connections';

test('all connections are counted together', () => {
  const [one, other] = ['10.0.0.1', '2001:db8::1'].map((remoteAddress) => ({ remoteAddress }) as Handshake);
  expect(maxConnections.groupOf(one!)).toBe(maxConnections.groupOf(other!));
  expect(maxConnections.refusal).toMatchObject({ status: 503, limit: maxConnections.name });
});
