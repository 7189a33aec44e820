import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ipaddr from 'ipaddr.js';
import { hopsOf, withoutPort, type Hop } from '../handshake';
import type { Handshake } from './connection';

type Address = ReturnType<typeof ipaddr.process>;
type Range = ReturnType<typeof ipaddr.parseCIDR>;

/** Where a client is, as limits, guards and logs shall see it. */
export type Peer = Pick<Handshake, 'remoteAddress' | 'secure'>;

/** Schemes of a client whose own connection is encrypted. */
const SECURE = new Set(['https', 'wss']);

/** Who is at the other end, by way of proxies that are trusted to say so. */
export class Peers {
  private readonly trusted: readonly Range[];
  /** What a PROXY header said of a socket, by the socket or its two ends. */
  private readonly announced = new Map<object | string, string>();

  /** @throws TypeError for what is no address and no CIDR range */
  constructor(trustedProxies: readonly string[] = []) {
    this.trusted = trustedProxies.map(rangeOf);
  }

  of(stream: Duplex, headers: IncomingHttpHeaders): Peer {
    const socket = stream as Partial<Socket> & { encrypted?: true };
    const direct = plain(this.announcedFor(stream) ?? socket.remoteAddress ?? '');
    const secure = socket.encrypted === true;
    if (this.trusted.length === 0 || !this.trusts(direct, socket)) return { remoteAddress: direct, secure };
    const hop = this.firstUntrusted(hopsOf(headers));
    if (hop === undefined) return { remoteAddress: direct, secure };
    const { address, scheme } = hop;
    return { remoteAddress: plain(address), secure: scheme === undefined ? secure : SECURE.has(scheme) };
  }

  /** A listener's PROXY header named the client of a socket. */
  announce(socket: Socket, address: string): void {
    const ends = endsOf(socket);
    this.announced.set(socket, address);
    if (ends !== undefined) this.announced.set(ends, address);
    socket.once('close', () => {
      this.announced.delete(socket);
      if (ends !== undefined) this.announced.delete(ends);
    });
  }

  /** A TLS socket is another object than the one that it was made of, with the same two ends. */
  private announcedFor(stream: Duplex): string | undefined {
    if (this.announced.size === 0) return undefined;
    const ends = endsOf(stream as Partial<Socket>);
    return this.announced.get(stream) ?? (ends && this.announced.get(ends));
  }

  /** From our side: each proxy is believed as far as the one before it is trusted. */
  private firstUntrusted(hops: readonly Hop[]): Hop | undefined {
    for (let index = hops.length - 1; index >= 0; index--) {
      const { scheme, address: written } = hops[index]!;
      const address = withoutPort(written);
      if (!ipaddr.isValid(address)) return undefined;
      if (index === 0 || !this.trusts(address)) return { address, scheme };
    }
    return undefined;
  }

  /** A Unix socket has no address: whoever may open it is on this machine, and trusted where any loopback address is. */
  private trusts(address: string, socket?: Partial<Socket>): boolean {
    const isUnix = address === '' && socket !== undefined;
    if (!isUnix && !ipaddr.isValid(address)) return false;
    const parsed = ipaddr.process(isUnix ? '127.0.0.1' : address);
    return this.trusted.some((range) => contains(range, parsed));
  }
}

function rangeOf(text: string): Range {
  if (ipaddr.isValidCIDR(text)) return normal(ipaddr.parseCIDR(text));
  if (ipaddr.isValid(text)) {
    const address = ipaddr.process(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128] as Range;
  }
  throw new TypeError(`${JSON.stringify(text)} in trustedProxies is no address and no CIDR range`);
}

/** A range of IPv4 addresses mapped into IPv6 is one of IPv4. */
function normal([address, bits]: Range): Range {
  const isMapped = address.kind() === 'ipv6' && (address as ipaddr.IPv6).isIPv4MappedAddress() && bits >= 96;
  return isMapped ? [(address as ipaddr.IPv6).toIPv4Address(), bits - 96] : [address, bits];
}

function contains(range: Range, address: Address): boolean {
  return range[0].kind() === address.kind() && (address as ipaddr.IPv6).match(range);
}

/** `::ffff:192.0.2.1` is 192.0.2.1, however the socket was opened. */
function plain(address: string): string {
  return address.startsWith('::ffff:') && ipaddr.isValid(address) ? ipaddr.process(address).toString() : address;
}

function endsOf({ remoteAddress, remotePort, localPort }: Partial<Socket>): string | undefined {
  return remotePort === undefined ? undefined : `${remoteAddress} ${remotePort} ${localPort}`;
}
