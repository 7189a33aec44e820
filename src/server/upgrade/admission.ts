import ipaddr from 'ipaddr.js';
import { Refusal } from '../../handshake';
import type { ResolvedLimits } from '../../connection';

/** What is counted separately: an application, a path. */
interface Counted {
  readonly limits: Pick<ResolvedLimits, 'maxConnections' | 'maxConnectionsPerAddress'>;
}

const FULL = new Refusal(503, 'The server has no room for more connections.', {}, 'maxConnections');
const TOO_MANY = new Refusal(429, 'Too many connections from this address.', {}, 'maxConnectionsPerAddress');

/** Counts the connections that are there or about to be, and refuses those beyond the limits. */
export class Admission {
  private readonly counts = new Map<Counted, Count>();

  constructor(private readonly application: Counted) {}

  /** Counts one more for a path, unless there is no room: then says why. */
  admit(path: Counted, address: string): Refusal | undefined {
    const group = groupOf(address);
    const all = [this.application, path];
    for (const counted of all) {
      const count = this.countOf(counted);
      if (count.size >= counted.limits.maxConnections) return FULL;
      if (count.of(group) >= counted.limits.maxConnectionsPerAddress) return TOO_MANY;
    }
    for (const counted of all) this.countOf(counted).add(group, 1);
    return undefined;
  }

  /** One that was admitted has gone. */
  release(path: Counted, address: string): void {
    const group = groupOf(address);
    for (const counted of [this.application, path]) this.countOf(counted).add(group, -1);
  }

  private countOf(counted: Counted): Count {
    let count = this.counts.get(counted);
    if (count === undefined) this.counts.set(counted, (count = new Count()));
    return count;
  }
}

class Count {
  size = 0;
  private readonly groups = new Map<string, number>();

  of(group: string): number {
    return this.groups.get(group) ?? 0;
  }

  add(group: string, change: number): void {
    this.size += change;
    const count = this.of(group) + change;
    if (count === 0) this.groups.delete(group);
    else this.groups.set(group, count);
  }
}

/** Whoever has an IPv6 address has the 2^64 of its network (RFC 6177): they count as one. */
function groupOf(address: string): string {
  if (!address.includes(':') || !ipaddr.IPv6.isValid(address)) return address;
  const network = ipaddr.IPv6.parse(address).parts.slice(0, 4);
  return network.map((part) => part.toString(16)).join(':');
}
