import { readProxyHeader } from '../../src/handshake';
import { ipv4Block, ipv6Block, tlv, v1, v2 } from '../support/proxy-headers';

const IPV6 = '20010db8000000000000000000000001';
const LONGEST = `PROXY UNKNOWN ${'ffff:'.repeat(7)}ffff ${'ffff:'.repeat(7)}ffff 65535 65535\r\n`;
const UNIX = Buffer.alloc(216, 'x');

type Sample = [what: string, header: string | Buffer, address: string | undefined];

const GOOD: Sample[] = [
  ['TCP over IPv4', v1('203.0.113.7'), '203.0.113.7'],
  ['TCP over IPv6', v1('2001:db8::7'), '2001:db8::7'],
  ['IPv4 mapped into IPv6', v1('::ffff:203.0.113.7'), '::ffff:203.0.113.7'],
  ['the smallest and the largest port', 'PROXY TCP4 203.0.113.7 192.0.2.1 0 65535\r\n', '203.0.113.7'],
  ['the longest addresses', 'PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n', '255.255.255.255'],
  ['UNKNOWN', 'PROXY UNKNOWN\r\n', undefined],
  ['UNKNOWN with addresses, which do not count, in 107 bytes', LONGEST, undefined],
  ['version 2, IPv4', v2(0x21, 0x11, ipv4Block('203.0.113.7')), '203.0.113.7'],
  ['version 2, IPv6', v2(0x21, 0x21, ipv6Block(IPV6)), '2001:db8:0:0:0:0:0:1'],
  ['version 2, a Unix socket', v2(0x21, 0x31, UNIX), undefined],
  ['version 2, unspecified', v2(0x21, 0x00, Buffer.alloc(0)), undefined],
  ['version 2, unspecified with something in it', v2(0x21, 0x00, Buffer.alloc(12)), undefined],
  ['version 2, LOCAL', v2(0x20, 0x00, Buffer.alloc(0)), undefined],
  ['version 2, LOCAL whatever its family and addresses', v2(0x20, 0xff, Buffer.alloc(3)), undefined],
  [
    'version 2, TLVs behind the addresses',
    v2(0x21, 0x11, Buffer.concat([ipv4Block('203.0.113.7'), tlv(0x02, Buffer.from('a.example')), tlv(0x04, UNIX)])),
    '203.0.113.7',
  ],
  [
    'version 2, as long as may be',
    v2(0x21, 0x11, Buffer.concat([ipv4Block('203.0.113.7'), Buffer.alloc(4068)])),
    '203.0.113.7',
  ],
];

describe.each(GOOD.map(([what, header, address]) => [what, Buffer.from(header), address] as const))(
  '%s',
  (_what, header, address) => {
    test('is read, and nothing of what follows it', () => {
      const read = { address, length: header.length };
      expect(readProxyHeader(header)).toEqual(read);
      expect(readProxyHeader(Buffer.concat([header, Buffer.from('GET / HTTP/1.1\r\n')]))).toEqual(read);
    });

    test('is waited for, at whatever byte it is split', () => {
      for (let length = 0; length < header.length; length++) {
        expect([length, readProxyHeader(header.subarray(0, length))]).toEqual([length, 'more']);
      }
    });
  },
);

const address12 = ipv4Block('203.0.113.7');

test.each<[string, string | Buffer]>([
  ['no header at all', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ['a TLS ClientHello', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])],
  ['its first letter in lower case', 'p'],
  ['another word', 'HELLO TCP4 203.0.113.7 192.0.2.1 1 2\r\n'],
  ['the word in lower case', 'proxy TCP4 203.0.113.7 192.0.2.1 1 2\r\n'],
  ['another word that begins so', 'PROXYTCP4 '],
  ['another family', 'PROXY UDP4 203.0.113.7 192.0.2.1 1 2\r\n'],
  ['no family', 'PROXY\r\n'],
  ['a family that only begins so', 'PROXY UNKNOWNS\r\n'],
  ['no addresses', 'PROXY TCP4\r\n'],
  ['one address', 'PROXY TCP4 203.0.113.7 1 2\r\n'],
  ['one port', 'PROXY TCP4 203.0.113.7 192.0.2.1 1\r\n'],
  ['three ports', 'PROXY TCP4 203.0.113.7 192.0.2.1 1 2 3\r\n'],
  ['two spaces', 'PROXY TCP4  203.0.113.7 192.0.2.1 1 2\r\n'],
  ['a space at the end', 'PROXY TCP4 203.0.113.7 192.0.2.1 1 2 \r\n'],
  ['a tab', 'PROXY\tTCP4 203.0.113.7 192.0.2.1 1 2\r\n'],
  ['a number beyond 255', 'PROXY TCP4 203.0.113.256 192.0.2.1 1 2\r\n'],
  ['a number beyond 255 in the destination', 'PROXY TCP4 203.0.113.7 192.0.2.999 1 2\r\n'],
  ['three numbers', 'PROXY TCP4 203.0.113 192.0.2.1 1 2\r\n'],
  ['a leading zero in an address', 'PROXY TCP4 203.0.113.07 192.0.2.1 1 2\r\n'],
  ['a host name', 'PROXY TCP4 client.example 192.0.2.1 1 2\r\n'],
  ['IPv6 as IPv4', 'PROXY TCP4 2001:db8::7 2001:db8::1 1 2\r\n'],
  ['IPv4 as IPv6', 'PROXY TCP6 203.0.113.7 192.0.2.1 1 2\r\n'],
  ['IPv6 with two gaps', 'PROXY TCP6 2001::db8::7 ::1 1 2\r\n'],
  ['IPv6 in brackets', 'PROXY TCP6 [2001:db8::7] [::1] 1 2\r\n'],
  ['IPv6 of a zone', 'PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n'],
  ['a port beyond 65535', 'PROXY TCP4 203.0.113.7 192.0.2.1 65536 2\r\n'],
  ['a port of six digits', 'PROXY TCP4 203.0.113.7 192.0.2.1 1 000002\r\n'],
  ['a leading zero in a port', 'PROXY TCP4 203.0.113.7 192.0.2.1 01 2\r\n'],
  ['a negative port', 'PROXY TCP4 203.0.113.7 192.0.2.1 -1 2\r\n'],
  ['a port that is no number', 'PROXY TCP4 203.0.113.7 192.0.2.1 http 2\r\n'],
  ['a line feed alone', 'PROXY TCP4 203.0.113.7 192.0.2.1 1 2\nGET / HTTP/1.1\r\n'],
  ['107 bytes without an end', LONGEST.replace('\r\n', '').padEnd(107, 'x')],
  ['an end behind 107 bytes', `PROXY UNKNOWN ${'x'.repeat(92)}\r\n`],
  ['version 2, another signature', Buffer.from('\r\n\r\n\0\r\nQUIT\r', 'latin1')],
  ['version 2, version 1 in it', v2(0x11, 0x11, address12)],
  ['version 2, version 3 in it', v2(0x31, 0x11, address12)],
  ['version 2, another command', v2(0x22, 0x11, address12)],
  ['version 2, datagrams over IPv4', v2(0x21, 0x12, address12)],
  ['version 2, datagrams over IPv6', v2(0x21, 0x22, ipv6Block(IPV6))],
  ['version 2, datagrams of a Unix socket', v2(0x21, 0x32, UNIX)],
  ['version 2, another family', v2(0x21, 0x41, address12)],
  ['version 2, another transport', v2(0x21, 0x13, address12)],
  ['version 2, IPv4 without a transport', v2(0x21, 0x10, address12)],
  ['version 2, too short for IPv4', v2(0x21, 0x11, address12.subarray(1))],
  ['version 2, too short for IPv6', v2(0x21, 0x21, ipv6Block(IPV6).subarray(1))],
  ['version 2, too short for a Unix socket', v2(0x21, 0x31, UNIX.subarray(1))],
  ['version 2, longer than may be', v2(0x21, 0x11, address12, 4081)],
  ['version 2, 64 KiB claimed', v2(0x21, 0x11, Buffer.alloc(0), 65_535)],
  ['version 2, 64 KiB claimed for LOCAL', v2(0x20, 0x00, Buffer.alloc(0), 65_535)],
])('refused as soon as it shows: %s', (_what, bytes) => {
  expect(readProxyHeader(Buffer.from(bytes))).toBe('invalid');
});
