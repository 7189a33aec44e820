import { ConnectionClosedError } from '../messages';

interface PendingPing {
  readonly payload: Buffer;
  readonly sentAt: number;
  readonly resolve: (ms: number) => void;
  readonly reject: (reason: Error) => void;
}

/** Our pings that wait for their pong (RFC 6455 5.5.2, 5.5.3). */
export class Pings {
  private pending: PendingPing[] = [];

  /** Resolves with the milliseconds until the pong. Rejects when the connection ends before. */
  expect(payload: Buffer, sentAt: number): Promise<number> {
    const answer = new Promise<number>((resolve, reject) => this.pending.push({ payload, sentAt, resolve, reject }));
    // a ping whose pong nobody awaits may fail
    answer.catch(() => {});
    return answer;
  }

  /**
   * Takes a pong. It answers the ping with its payload and all pings before that, since a peer may answer only the
   * latest.
   */
  answer(payload: Buffer, now: number): void {
    const index = this.pending.findIndex((ping) => ping.payload.equals(payload));
    for (const ping of this.pending.splice(0, index + 1)) ping.resolve(now - ping.sentAt);
  }

  abandon(): void {
    for (const ping of this.pending.splice(0))
      ping.reject(new ConnectionClosedError('the connection closed before the pong came'));
  }
}
