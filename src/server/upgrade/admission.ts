import type { Handshake, Refusal } from '../../handshake';
import { CONNECTION_LIMITS, type ConnectionLimit } from './limits';

/** The application or a path: each has limits and counts of its own. */
interface Limited {
  readonly limits: Readonly<Record<ConnectionLimit['name'], number>>;
}

/** A connection, counted from the moment at which its driver is created. */
interface Admitted {
  readonly route: Limited;
  readonly connection: { readonly handshake: Handshake };
}

/** Counts connections, those among them whose upgrade is undecided, and refuses handshakes beyond the limits. */
export class Admission {
  /** For each limit the count of each of its groups. */
  private readonly counts = new Map<Limited, Map<string, number>[]>();

  constructor(private readonly application: Limited) {}

  /** The refusal of one more connection; `undefined` where there is room. */
  check(path: Limited, handshake: Handshake): Refusal | undefined {
    const groups = groupsOf(handshake);
    for (const limited of [this.application, path]) {
      const counts = this.countsOf(limited);
      for (let i = 0; i < groups.length; i++) {
        const { name, refusal } = CONNECTION_LIMITS[i]!;
        if ((counts[i]!.get(groups[i]!) ?? 0) >= limited.limits[name]) return refusal;
      }
    }
    return undefined;
  }

  add(admitted: Admitted): void {
    this.change(admitted, 1);
  }

  delete(admitted: Admitted): void {
    this.change(admitted, -1);
  }

  private change({ route, connection: { handshake } }: Admitted, by: 1 | -1): void {
    const groups = groupsOf(handshake);
    for (const limited of [this.application, route]) {
      const counts = this.countsOf(limited);
      for (let i = 0; i < groups.length; i++) {
        const count = (counts[i]!.get(groups[i]!) ?? 0) + by;
        if (count === 0) counts[i]!.delete(groups[i]!);
        else counts[i]!.set(groups[i]!, count);
      }
    }
  }

  private countsOf(limited: Limited): Map<string, number>[] {
    let counts = this.counts.get(limited);
    if (counts === undefined)
      this.counts.set(limited, (counts = CONNECTION_LIMITS.map(() => new Map<string, number>())));
    return counts;
  }
}

/** The group of a connection for each limit. */
function groupsOf(handshake: Handshake): string[] {
  return CONNECTION_LIMITS.map((limit) => limit.groupOf(handshake));
}
