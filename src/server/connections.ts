import { randomUUID } from 'node:crypto';
import type { Bytes } from '../connection';
import type { Connection } from '../connection';
import type { ConnectionDriver } from '../connection';
import { SharedMessage } from '../connection';
import { isThenable, takeRejection } from '../messages';

/** The open connections of one application on this process. */
export class Connections {
  private readonly open = new Set<ConnectionDriver>();
  /** The connections whose id has been read. */
  private readonly byId = new Map<string, ConnectionDriver>();

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
   * Sends a message to every connection, or to those for which `to` returns true. The message is encoded once.
   * @throws TypeError when the message is neither a string nor bytes
   * @throws TypeError when `to` is asynchronous
   */
  broadcast(message: string | Bytes, to?: (connection: Connection) => boolean): void {
    const shared = new SharedMessage(message);
    for (const driver of this.open) {
      if (to === undefined || picks(to(driver.connection))) driver.sender.sendShared(shared);
    }
  }

  /** @internal Gives a connection its id. */
  identify(driver: ConnectionDriver): string {
    // copied, since Node's string is a tree of fourteen strings, half a kilobyte
    const id = Buffer.from(randomUUID(), 'latin1').toString('latin1');
    if (this.open.has(driver)) this.byId.set(id, driver);
    return id;
  }

  /** @internal */
  add(driver: ConnectionDriver): void {
    this.open.add(driver);
    if (driver.connection.identified) this.byId.set(driver.connection.id, driver);
  }

  /** @internal */
  delete(driver: ConnectionDriver): void {
    if (this.open.delete(driver) && driver.connection.identified) this.byId.delete(driver.connection.id);
  }

  /** @internal */
  drivers(): Iterable<ConnectionDriver> {
    return this.open;
  }
}

/** The answer of `to`, where a promise would be true for all. @throws TypeError for a promise */
function picks(answer: unknown): boolean {
  if (!isThenable(answer)) return Boolean(answer);
  takeRejection(answer, () => {});
  throw new TypeError('what picks connections must answer true or false, and cannot be asynchronous');
}
