import type { IncomingHttpHeaders } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import ipaddr from 'ipaddr.js';
import { forwardedHops, ipVersion, Refusal, xForwardedHops, type Hop } from '../../handshake';
import type { Handshake } from '../../handshake';

type Address = ReturnType<typeof ipaddr.process>;
type Range = ReturnType<typeof ipaddr.parseCIDR>;

/** The address of a client for limits, guards and logs, and the security of its connection. */
export type Peer = Pick<Handshake, 'remoteAddress' | 'secure'>;

/** The client of a request, and the refusal where its proxies contradict each other. */
export interface Witnessed {
  readonly peer: Peer;
  readonly refusal?: Refusal;
}

/** The part of Node's sockets that is used here. */
type PeerSocket = Duplex & Partial<Pick<Socket, 'remoteAddress' | 'localAddress'>> & { encrypted?: true } & Announced;

/** The address from a PROXY header. It is stored on the socket, since HTTP/2 sessions hide the socket behind a proxy object. */
const ANNOUNCED = Symbol('announced');

interface Announced {
  [ANNOUNCED]?: string;
  /** The socket under a TLS socket. Node does not document this field; a test checks it on each version of Node. */
  _parent?: Announced | null;
}

/** Schemes of encrypted connections. */
const SECURE = new Set(['https', 'wss']);

/** The most proxies that are looked at: a client in a trusted range could name thousands. */
const MAX_HOPS = 32;

const LOOPBACK = ['127.0.0.1', '::1'];

const MALFORMED = new Refusal(400, 'The Forwarded header is malformed.');
/** The client wrote one of the headers itself, and our proxy let it pass. */
const CONTRADICTION = new Refusal(400, 'The headers Forwarded and X-Forwarded-For name different clients.');

/** Finds the addresses of clients, also behind trusted proxies. */
export class ClientAddresses {
  private readonly trusted: readonly Range[];

  /** @throws TypeError for an entry that is no address and no CIDR range */
  constructor(trustedProxies: readonly string[] = []) {
    if (!Array.isArray(trustedProxies)) {
      throw new TypeError('trustedProxies must be an array of addresses and CIDR ranges');
    }
    this.trusted = trustedProxies.map(rangeOf);
  }

  /** Sets the client of a socket, from a PROXY header. */
  announce(socket: Socket, address: string): void {
    (socket as Announced)[ANNOUNCED] = address;
  }

  /** The other end of the socket, without regard to headers. */
  atSocket(stream: Duplex): Peer {
    const socket = stream as PeerSocket;
    const address = socket[ANNOUNCED] ?? socket._parent?.[ANNOUNCED] ?? socket.remoteAddress ?? '';
    return { remoteAddress: canonical(address), secure: socket.encrypted === true };
  }

  /** The client of a request, according to trusted proxies. */
  of(stream: Duplex, headers: IncomingHttpHeaders): Witnessed {
    const peer = this.atSocket(stream);
    if (this.trusted.length === 0 || !this.trustsPeer(stream, peer)) return { peer };
    const forwarded = forwardedHops(headers);
    if (forwarded === undefined) return { peer, refusal: MALFORMED };
    const claims = [forwarded, xForwardedHops(headers)]
      .map((hops) => this.client(hops))
      .filter((hop) => hop !== undefined);
    // a trusted client is one of the proxies: the writer of that header saw no further
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

  /** The client among the hops. From our side on, each hop is believed as long as the proxy that wrote it is trusted. */
  private client(hops: readonly Hop[]): Hop | undefined {
    let client: Hop | undefined;
    for (const { address: written, scheme } of hops.slice(-MAX_HOPS).reverse()) {
      const address = written && canonical(written);
      client = { address, scheme };
      if (address === undefined || !this.trusts(address)) break;
    }
    return client;
  }

  /** A Unix socket has no address. Its peer is on this machine, and trusted where a loopback address is trusted. */
  private trustsPeer(stream: PeerSocket, { remoteAddress }: Peer): boolean {
    if (remoteAddress !== '') return this.trusts(remoteAddress);
    // after a reset, Node forgets the client's address but not ours
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

/** Turns a range of IPv4 addresses mapped into IPv6 into a range of IPv4. */
function normal([address, bits]: Range): Range {
  const isMapped = address.kind() === 'ipv6' && (address as ipaddr.IPv6).isIPv4MappedAddress() && bits >= 96;
  return isMapped ? [(address as ipaddr.IPv6).toIPv4Address(), bits - 96] : [address, bits];
}

function contains(range: Range, address: Address): boolean {
  return range[0].kind() === address.kind() && (address as ipaddr.IPv6).match(range);
}

/** The address as RFC 5952 writes it, `::ffff:192.0.2.1` as 192.0.2.1, without a zone. */
function canonical(written: string): string {
  const [address = ''] = written.split('%', 1);
  return address.includes(':') ? ipaddr.process(address).toString() : address;
}
