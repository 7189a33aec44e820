import { randomUUID } from 'node:crypto';
import type { Bytes } from '../connection';
import type { Connection } from '../connection';
import type { Session } from '../connection';
import { SharedMessage } from '../connection';
import { isThenable, takeRejection } from '../messages';

/** The open connections of one application on this process. */
export class Connections {
  private readonly open = new Set<Session>();
  /** Those whose id somebody knows. */
  private readonly byId = new Map<string, Session>();

  get size(): number {
    return this.open.size;
  }

  get(id: string): Connection | undefined {
    return this.byId.get(id)?.connection;
  }

  *[Symbol.iterator](): Iterator<Connection> {
    for (const { connection } of this.open) yield connection;
  }

  /**
   * Sends a message to every connection, or to those that `to` picks. It is encoded once.
   * @throws TypeError when the message is neither a string nor bytes, or `to` is asynchronous
   */
  broadcast(message: string | Bytes, to?: (connection: Connection) => boolean): void {
    const shared = new SharedMessage(message);
    for (const session of this.open) {
      if (to === undefined || picks(to(session.connection))) session.outbox.sendShared(shared);
    }
  }

  /** @internal Gives a connection its id. */
  identify(session: Session): string {
    // by way of bytes, since Node's is a tree of fourteen strings, half a kilobyte
    const id = Buffer.from(randomUUID(), 'latin1').toString('latin1');
    if (this.open.has(session)) this.byId.set(id, session);
    return id;
  }

  /** @internal */
  add(session: Session): void {
    this.open.add(session);
    if (session.connection.identified) this.byId.set(session.connection.id, session);
  }

  /** @internal */
  delete(session: Session): void {
    if (this.open.delete(session) && session.connection.identified) this.byId.delete(session.connection.id);
  }

  /** @internal */
  sessions(): Iterable<Session> {
    return this.open;
  }
}

/** A promise would pick all. */
function picks(answer: unknown): boolean {
  if (!isThenable(answer)) return Boolean(answer);
  takeRejection(answer, () => {});
  throw new TypeError('what picks connections must answer true or false, and cannot be asynchronous');
}
