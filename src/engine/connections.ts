import type { Connection } from './connection';
import type { Session } from './session';
import { SharedMessage } from './shared-message';

/** The open connections of one application on this process. */
export class Connections {
  private readonly byId = new Map<string, Session>();

  get size(): number {
    return this.byId.size;
  }

  get(id: string): Connection | undefined {
    return this.byId.get(id)?.connection;
  }

  *[Symbol.iterator](): Iterator<Connection> {
    for (const { connection } of this.byId.values()) yield connection;
  }

  /**
   * Sends a message to every connection, or to those that `to` picks. It is encoded once.
   * @throws TypeError when the message is neither a string nor bytes
   */
  broadcast(message: string | Uint8Array, to?: (connection: Connection) => boolean): void {
    const shared = new SharedMessage(message);
    for (const session of this.byId.values()) {
      if (to === undefined || to(session.connection)) session.outbox.sendShared(shared);
    }
  }

  /** @internal */
  add(connection: Connection, session: Session): void {
    this.byId.set(connection.id, session);
  }

  /** @internal */
  delete(connection: Connection): void {
    this.byId.delete(connection.id);
  }

  /** @internal */
  sessions(): Iterable<Session> {
    return this.byId.values();
  }
}
