import type { Handshake } from '../../../../src/handshake';
import { maxConnectionsPerAddress } from '../../../../src/server/upgrade/limits/max-connections-per-address';

const groupOf = (remoteAddress: string): string =>
  maxConnectionsPerAddress.groupOf({ remoteAddress } as Partial<Handshake> as Handshake);

test.each([
  ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', true],
  ['2001:db8:1:2::1', '2001:0db8:0001:0002::1', true],
  ['2001:db8:1:2::1', '2001:db8:1:3::1', false],
  ['10.0.0.1', '10.0.0.1', true],
  ['10.0.0.1', '10.0.0.10', false],
  ['', '', true],
])('%s and %s are counted together: %s', (one, other, together) => {
  expect(groupOf(one) === groupOf(other)).toBe(together);
});

test('beyond it: 429', () => {
  expect(maxConnectionsPerAddress.refusal).toMatchObject({ status: 429, limit: maxConnectionsPerAddress.name });
});
