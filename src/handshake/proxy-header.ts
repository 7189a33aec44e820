/** What a PROXY header says; no address where the proxy speaks for itself (`LOCAL`, `UNKNOWN`). */
export interface ProxyHeader {
  readonly address: string | undefined;
  /** Bytes that it took. */
  readonly length: number;
}

const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
/** The longest line of version 1, with its line break. */
const V1_MAX = 107;
const V2_FIXED = 16;

/**
 * Reads a header of the PROXY protocol, version 1 or 2 (haproxy.org, `proxy-protocol.txt`), from the first bytes of a
 * connection. `more`: it has not wholly come. `invalid`: this is none, or not one of TCP.
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
  const [keyword, family, source, target, ...ports] = text.slice(0, end).split(' ');
  if (keyword !== 'PROXY') return 'invalid';
  if (family === 'UNKNOWN') return { address: undefined, length };
  const isAddress = family === 'TCP4' ? IPV4 : family === 'TCP6' ? IPV6 : undefined;
  const holds = isAddress?.test(source ?? '') && isAddress.test(target ?? '') && ports.length === 2;
  return holds === true && ports.every((port) => PORT.test(port)) ? { address: source, length } : 'invalid';
}

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
const IPV6 = /^[0-9A-Fa-f:.]{2,45}$/;
const PORT = /^\d{1,5}$/;

function readV2(bytes: Buffer): ProxyHeader | 'more' | 'invalid' {
  if (bytes.length < V2_FIXED) return 'more';
  const [version, command] = [bytes[12]! >> 4, bytes[12]! & 0x0f];
  if (version !== 2 || command > 1) return 'invalid';
  const length = V2_FIXED + bytes.readUInt16BE(14);
  if (bytes.length < length) return 'more';
  // LOCAL: a health check of the proxy's own
  if (command === 0) return { address: undefined, length };
  const family = bytes[13]! >> 4;
  if (family === 1 && length >= V2_FIXED + 12) return { address: bytes.subarray(16, 20).join('.'), length };
  if (family === 2 && length >= V2_FIXED + 36) return { address: ipv6Of(bytes.subarray(16, 32)), length };
  // unspecified, or a Unix socket, which has no address
  return family === 0 || family === 3 ? { address: undefined, length } : 'invalid';
}

function ipv6Of(bytes: Buffer): string {
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return groups.join(':');
}
