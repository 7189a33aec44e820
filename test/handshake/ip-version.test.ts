import { ipVersion } from '../../src/handshake';

test.each([
  ['192.0.2.1', 4],
  ['2001:db8::1', 6],
  ['::ffff:192.0.2.1', 6],
  ['fe80::1', 6],
  ['fe80::1%eth0', 0],
  ['fe80::1%br-lan', 0],
  ['192.0.2.256', 0],
  ['[2001:db8::1]', 0],
  ['example.com', 0],
  ['', 0],
])('%s: %d', (text, version) => {
  expect(ipVersion(text)).toBe(version);
});
