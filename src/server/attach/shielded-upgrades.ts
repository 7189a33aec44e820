import type { EventEmitter } from 'node:events';

type Listener = (...args: never[]) => void;

/** Who alone is to hear of an upgrade request; undefined where all are. */
export type Claim = (request: unknown) => readonly Listener[] | undefined;

interface Shield {
  users: number;
  readonly lift: () => void;
}

const shields = new WeakMap<EventEmitter, Shield>();

/**
 * Keeps upgrades that somebody claims from all other listeners of a server. Many of them take whatever comes: what is not theirs they end
 * with 404, or destroy, and Node calls them all. Returns what takes it back.
 */
export function shieldUpgrades(server: EventEmitter, claim: Claim): () => void {
  let shield = shields.get(server);
  if (shield === undefined) shields.set(server, (shield = { users: 0, lift: raise(server, claim) }));
  const { lift } = shield;
  shield.users++;
  return () => {
    if (--shield.users > 0) return;
    shields.delete(server);
    lift();
  };
}

function raise(server: EventEmitter, claim: Claim): () => void {
  const former = Object.getOwnPropertyDescriptor(server, 'emit');
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its object
  const { emit } = server;
  let isUp = true;
  const shielded = function (this: EventEmitter, event: string | symbol, ...args: unknown[]): boolean {
    const alone = isUp && event === 'upgrade' ? claim(args[0]) : undefined;
    if (alone === undefined) return emit.call(this, event, ...args);
    for (const listener of alone) Reflect.apply(listener, this, args);
    return true;
  };
  server.emit = shielded;
  return () => {
    isUp = false;
    // whoever has put something over it keeps it, as it does nothing any more
    if (server.emit !== shielded) return;
    if (former !== undefined) Object.defineProperty(server, 'emit', former);
    else Reflect.deleteProperty(server, 'emit');
  };
}
