import { CloseCode, injectable, type Connection } from 'portal-ws';
import { Time } from './time';
import type { User } from './tokens';

/** Closes connections when the token that they came with expires. */
@injectable()
export class Expiry {
  private readonly timers = new Map<Connection, { cancel(): void }>();

  constructor(private readonly time: Time) {}

  watch(connection: Connection, user: User): void {
    const left = user.expires - this.time.now();
    if (left <= 0) void connection.close(CloseCode.PolicyViolation, 'the token has expired');
    else
      this.timers.set(
        connection,
        this.time.after(left, () => this.watch(connection, user)),
      );
  }

  forget(connection: Connection): void {
    this.timers.get(connection)?.cancel();
    this.timers.delete(connection);
  }
}
