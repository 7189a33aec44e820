import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ipaddr from 'ipaddr.js';
import { forwardedHops, ipVersion, Refusal, xForwardedHops, type Hop } from '../../handshake';
import type { Handshake } from '../../handshake';

type Address = ReturnType<typeof ipaddr.process>;
type Range = ReturnType<typeof ipaddr.parseCIDR>;

/** Where a client is, as limits, guards and logs shall see it. */
export type Peer = Pick<Handshake, 'remoteAddress' | 'secure'>;

/** The client of a request, and why nobody can tell who it is, if that is so. */
export interface Witnessed {
  readonly peer: Peer;
  readonly refusal?: Refusal;
}

/** A socket of Node's, as far as it is asked here. */
type PeerSocket = Duplex & Partial<Pick<Socket, 'remoteAddress' | 'localAddress'>> & { encrypted?: true } & Announced;

/** What a PROXY header said stands on the socket itself: a proxy of Node's HTTP/2 in front of it hides which object it is. */
const ANNOUNCED = Symbol('announced');

interface Announced {
  [ANNOUNCED]?: string;
  /** The socket that a TLS socket was made of. Node does not document it; a test for each version of Node knows. */
  _parent?: Announced | null;
}

/** Schemes of a client whose own connection is encrypted. */
const SECURE = new Set(['https', 'wss']);

/** No way is that long. Proxies beyond are not looked for: a client in a trusted range could write thousands of them. */
const MAX_HOPS = 32;

const LOOPBACK = ['127.0.0.1', '::1'];

const MALFORMED = new Refusal(400, 'The Forwarded header is malformed.');
/** One of them was written by the client, and whatever is in front of us let it pass. */
const CONTRADICTION = new Refusal(400, 'The headers Forwarded and X-Forwarded-For name different clients.');

/** Who is at the other end, by way of proxies that are trusted to say so. */
export class ClientAddresses {
  private readonly trusted: readonly Range[];

  /** @throws TypeError for what is no address and no CIDR range */
  constructor(trustedProxies: readonly string[] = []) {
    if (!Array.isArray(trustedProxies)) {
      throw new TypeError('trustedProxies must be an array of addresses and CIDR ranges');
    }
    this.trusted = trustedProxies.map(rangeOf);
  }

  /** A listener's PROXY header named the client of a socket. */
  announce(socket: Socket, address: string): void {
    (socket as Announced)[ANNOUNCED] = address;
  }

  /** The socket's other end, whatever headers say. */
  atSocket(stream: Duplex): Peer {
    const socket = stream as PeerSocket;
    const address = socket[ANNOUNCED] ?? socket._parent?.[ANNOUNCED] ?? socket.remoteAddress ?? '';
    return { remoteAddress: canonical(address), secure: socket.encrypted === true };
  }

  /** The client of a request, as far as trusted proxies tell of it. */
  of(stream: Duplex, headers: IncomingHttpHeaders): Witnessed {
    const peer = this.atSocket(stream);
    if (this.trusted.length === 0 || !this.trustsPeer(stream, peer)) return { peer };
    const forwarded = forwardedHops(headers);
    if (forwarded === undefined) return { peer, refusal: MALFORMED };
    const claims = [forwarded, xForwardedHops(headers)]
      .map((hops) => this.client(hops))
      .filter((hop) => hop !== undefined);
    // a client that is trusted itself is one of the proxies: whoever wrote that header saw no further
    const named = claims.filter(({ address }) => address !== undefined && !this.trusts(address));
    if (named.some(({ address }) => address !== named[0]!.address)) {
      return { peer, refusal: CONTRADICTION };
    }
    const believed = named.length > 0 ? named : claims;
    const schemes = believed.flatMap(({ scheme }) => scheme ?? []);
    const remoteAddress = believed.find(({ address }) => address !== undefined)?.address ?? peer.remoteAddress;
    const secure = schemes.length > 0 ? schemes.every((scheme) => SECURE.has(scheme)) : peer.secure;
    return { peer: { remoteAddress, secure } };
  }

  /** From our side: each proxy is believed as far as the one before it is trusted. */
  private client(hops: readonly Hop[]): Hop | undefined {
    let client: Hop | undefined;
    for (const { address: written, scheme } of hops.slice(-MAX_HOPS).reverse()) {
      const address = written && canonical(written);
      client = { address, scheme };
      if (address === undefined || !this.trusts(address)) break;
    }
    return client;
  }

  /** A Unix socket has no address: whoever may open it is on this machine, and trusted where a loopback address is. */
  private trustsPeer(stream: PeerSocket, { remoteAddress }: Peer): boolean {
    if (remoteAddress !== '') return this.trusts(remoteAddress);
    // that of a client which reset its connection is forgotten, but not our own
    if (stream.destroyed || stream.localAddress !== undefined) return false;
    return LOOPBACK.some((address) => this.trusts(address));
  }

  private trusts(address: string): boolean {
    if (ipVersion(address) === 0) return false;
    const parsed = ipaddr.process(address);
    return this.trusted.some((range) => contains(range, parsed));
  }
}

function rangeOf(text: unknown): Range {
  const [address = '', bits, ...more] = typeof text === 'string' ? text.split('/') : [];
  const version = ipVersion(address);
  const most = version === 4 ? 32 : 128;
  const length = bits === undefined ? most : Number(bits);
  const holds = version !== 0 && more.length === 0 && (bits === undefined || /^\d{1,3}$/.test(bits)) && length <= most;
  if (!holds) throw new TypeError(`${JSON.stringify(text)} in trustedProxies is no address and no CIDR range`);
  return normal([ipaddr.parse(address), length] as Range);
}

/** A range of IPv4 addresses mapped into IPv6 is one of IPv4. */
function normal([address, bits]: Range): Range {
  const isMapped = address.kind() === 'ipv6' && (address as ipaddr.IPv6).isIPv4MappedAddress() && bits >= 96;
  return isMapped ? [(address as ipaddr.IPv6).toIPv4Address(), bits - 96] : [address, bits];
}

function contains(range: Range, address: Address): boolean {
  return range[0].kind() === address.kind() && (address as ipaddr.IPv6).match(range);
}

/** RFC 5952; `::ffff:192.0.2.1` is 192.0.2.1, however the socket was opened; and a zone is no part of an address. */
function canonical(written: string): string {
  const [address = ''] = written.split('%', 1);
  return address.includes(':') ? ipaddr.process(address).toString() : address;
}
