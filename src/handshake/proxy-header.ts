import { ipVersion } from './ip-version';

/** A PROXY header. It has no address where the proxy itself is the client (`LOCAL`, `UNKNOWN`). */
export interface ProxyHeader {
  readonly address: string | undefined;
  /** The header's size in bytes. */
  readonly length: number;
}

const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** The longest line of version 1, with its line break. */
const V1_MAX = 107;
const V2_FIXED = 16;
/** Version 2 allows 64 KiB. nginx has this limit too; HAProxy's largest header has a client's certificate. */
const V2_MAX = 4096;

/**
 * Reads a header of the PROXY protocol, version 1 or 2 (haproxy.org, `proxy-protocol.txt`), from the first bytes of a
 * connection. Returns `more` for an incomplete header, and `invalid` for other bytes or another transport than TCP.
 */
export function readProxyHeader(bytes: Buffer): ProxyHeader | 'more' | 'invalid' {
  const isV2 = bytes.subarray(0, V2_SIGNATURE.length).equals(V2_SIGNATURE.subarray(0, bytes.length));
  return isV2 ? readV2(bytes) : readV1(bytes);
}

function readV1(bytes: Buffer): ProxyHeader | 'more' | 'invalid' {
  const text = bytes.toString('latin1', 0, V1_MAX);
  const end = text.indexOf('\r\n');
  if (end < 0) {
    const begins = text.length < 6 ? 'PROXY '.startsWith(text) : text.startsWith('PROXY ');
    return begins && text.length < V1_MAX ? 'more' : 'invalid';
  }
  const length = end + 2;
  const [keyword, family, source = '', target = '', ...ports] = text.slice(0, end).split(' ');
  if (keyword !== 'PROXY') return 'invalid';
  // 2.1: "the receiver must ignore anything presented before the CRLF is found"
  if (family === 'UNKNOWN') return { address: undefined, length };
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : undefined;
  const holds = ipVersion(source) === version && ipVersion(target) === version;
  return holds && ports.length === 2 && ports.every(isPort) ? { address: source, length } : 'invalid';
}

function isPort(text: string): boolean {
  return /^(?:0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65535;
}

/** Size of the two addresses and ports, by family and transport (2.2): unspecified, and streams over IPv4, IPv6, Unix sockets. */
const V2_ADDRESSES = new Map([
  [0x00, 0],
  [0x11, 12],
  [0x21, 36],
  [0x31, 216],
]);

function readV2(bytes: Buffer): ProxyHeader | 'more' | 'invalid' {
  if (bytes.length < V2_FIXED) return 'more';
  const length = V2_FIXED + bytes.readUInt16BE(14);
  const isLocal = bytes[12] === 0x20;
  if ((!isLocal && bytes[12] !== 0x21) || length > V2_MAX) return 'invalid';
  const family = bytes[13]!;
  // a health check of the proxy's own: "must discard the protocol block including the family which is ignored"
  const addresses = isLocal ? 0 : V2_ADDRESSES.get(family);
  if (addresses === undefined || length < V2_FIXED + addresses) return 'invalid';
  if (bytes.length < length) return 'more';
  if (isLocal) return { address: undefined, length };
  if (family === 0x11) return { address: bytes.subarray(16, 20).join('.'), length };
  return { address: family === 0x21 ? ipv6Of(bytes.subarray(16, 32)) : undefined, length };
}

function ipv6Of(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return groups.join(':');
}
