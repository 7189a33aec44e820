import type { EventEmitter } from 'node:events';

type Listener = (...args: never[]) => void;

/** Returns the only listeners to call for an upgrade request; `undefined` for all listeners. */
export type Claim = (request: unknown) => readonly Listener[] | undefined;

interface Shield {
  users: number;
  readonly lift: () => void;
}

const shields = new WeakMap<EventEmitter, Shield>();

/**
 * Keeps claimed upgrades from all other listeners of a server. Node calls every listener, and many listeners answer paths of others
 * with 404, or destroy the socket. Returns a function that lifts the shield.
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
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its object
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
    // another wrapper stays in place: the shield under it does nothing any more
    if (server.emit !== shielded) return;
    if (former !== undefined) Object.defineProperty(server, 'emit', former);
    else Reflect.deleteProperty(server, 'emit');
  };
}
