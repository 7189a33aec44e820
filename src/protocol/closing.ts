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

  /** Begins the closing from our side. True when a Close frame is to be sent now. */
  sendClose(): boolean {
    if (this.phase !== 'open') return false;
    this.phase = 'close-sent';
    return true;
  }

  /** Takes the peer's Close frame. True when it is to be answered with ours. */
  receiveClose(code: number, reason: string): boolean {
    if (this.phase === 'done' || this.phase === 'failed') return false;
    const answer = this.phase === 'open';
    this.received = { code, reason };
    this.phase = 'done';
    return answer;
  }

  /**
   * Ends the handshake, since the peer broke a rule (7.1.7) or is gone. True when a Close frame is still to be sent.
   */
  fail(): boolean {
    if (this.phase === 'done' || this.phase === 'failed') return false;
    const send = this.phase === 'open';
    this.phase = 'failed';
    return send;
  }

  /** The code and reason of the peer's Close frame (7.1.5); 1006 when none came. */
  info(): CloseInfo {
    if (this.received === undefined) return new CloseInfo(CloseCode.AbnormalClosure, '', false);
    return new CloseInfo(this.received.code, this.received.reason, true);
  }
}

/** The code that answers a received code: the same (5.5.1), or none when the peer gave none. */
export function answerCode(received: number): number | undefined {
  return received === CloseCode.NoStatusReceived ? undefined : received;
}
