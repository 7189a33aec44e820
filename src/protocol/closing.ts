import { CloseCode } from './close-codes';
import { CloseInfo } from './close-info';

/**
 * The closing handshake of RFC 6455 section 7 for one connection, as a state machine without a socket:
 *
 *     open ──sendClose──▶ close-sent ──receiveClose──▶ done
 *     open ──receiveClose (to be answered)───────────▶ done
 *     open, close-sent ──fail────────────────────────▶ failed
 *
 * In `done` and `failed` nothing more is read or sent, and the server ends TCP at once (7.1.1). Every call may be
 * repeated in every phase; what comes too late changes nothing.
 */
export class ClosingHandshake {
  phase: 'open' | 'close-sent' | 'done' | 'failed' = 'open';
  private received: { code: number; reason: string } | undefined;

  /** We want to close. True when a Close frame is to be sent now. */
  sendClose(): boolean {
    if (this.phase !== 'open') return false;
    this.phase = 'close-sent';
    return true;
  }

  /** The peer's Close frame came. True when it is to be answered with one of ours. */
  receiveClose(code: number, reason: string): boolean {
    if (this.phase === 'done' || this.phase === 'failed') return false;
    const answer = this.phase === 'open';
    this.received = { code, reason };
    this.phase = 'done';
    return answer;
  }

  /** The peer broke a rule (7.1.7). True when a Close frame is still to be sent. */
  fail(): boolean {
    if (this.phase === 'done' || this.phase === 'failed') return false;
    const send = this.phase === 'open';
    this.phase = 'failed';
    return send;
  }

  /** 7.1.5: what the peer's frame said; 1006 when none came. */
  info(): CloseInfo {
    if (this.received === undefined) return new CloseInfo(CloseCode.AbnormalClosure, '', false);
    return new CloseInfo(this.received.code, this.received.reason, true);
  }
}

/** The code that answers a received one: the same (5.5.1), none when the peer gave none. */
export function answerCode(received: number): number | undefined {
  return received === CloseCode.NoStatusReceived ? undefined : received;
}
