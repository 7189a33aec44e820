import { answerCode, ClosingHandshake, closePayload, Opcode, type CloseInfo, type Violation } from '../protocol';
import type { WriteQueue } from '../transport';
import { CloseDeadline } from './close-deadline';
import type { ConnectionCore } from './connection-core';
import type { Receiver } from './receiver';

/** Dependencies of Closing. */
export interface ClosingHost extends ConnectionCore {
  /** Nothing can be sent any more, and no answer of the peer counts. Called more than once. */
  abandon(): void;
  terminate(limit: 'closeTimeoutMs'): void;
}

/**
 * The closing of one connection: the closing handshake (RFC 6455 section 7), the bytes that still pass, and the time
 * that the peer has. Made when either side begins to close.
 */
export class Closing {
  private readonly handshake = new ClosingHandshake();
  private deadline: CloseDeadline | undefined;

  constructor(
    private readonly host: ClosingHost,
    private readonly outgoing: WriteQueue,
    private readonly receiver: Receiver,
  ) {}

  /** `closing` when our Close frame is sent and the peer's is awaited; `deaf` when nothing counts that the peer sends. */
  get hearing(): 'closing' | 'deaf' {
    return this.handshake.phase === 'close-sent' ? 'closing' : 'deaf';
  }

  info(): CloseInfo {
    return this.handshake.info();
  }

  /** Sends our Close frame, unless either side has sent one. */
  begin(payload: Buffer): void {
    if (!this.handshake.sendClose()) return;
    this.outgoing.sendControl(Opcode.Close, payload);
    this.host.abandon();
    this.setDeadline();
    this.receiver.beginClosing();
  }

  /** The peer's Close frame has come. */
  onClose(code: number, reason: string): void {
    if (this.handshake.receiveClose(code, reason)) {
      this.outgoing.sendControl(Opcode.Close, closePayload(answerCode(code)));
    }
    this.finish();
  }

  onViolation(violation: Violation): void {
    if (this.handshake.fail()) {
      this.outgoing.sendControl(Opcode.Close, closePayload(violation.closeCode, violation.message));
    }
    this.finish();
  }

  /** All that was sent has left. */
  onFlushed(): void {
    this.deadline?.restart();
  }

  /** The peer will send no more. */
  onEnd(): void {
    this.fail();
    this.setDeadline();
  }

  /** The transport is gone. */
  onClosed(): void {
    this.fail();
    this.outgoing.close();
    this.deadline?.cancel();
    this.deadline = undefined;
  }

  /** After both Close frames, or a violation: the server ends TCP first, at once (RFC 6455 7.1.1). */
  private finish(): void {
    this.host.abandon();
    this.outgoing.end();
    this.receiver.stop();
    this.setDeadline();
  }

  private fail(): void {
    this.handshake.fail();
    this.host.abandon();
    this.receiver.stop();
  }

  private setDeadline(): void {
    const { context, route, state } = this.host;
    if (state === 'closed') return;
    this.deadline ??= new CloseDeadline(context.deadlines, route.limits.closeTimeoutMs, this.outgoing, () =>
      this.host.terminate('closeTimeoutMs'),
    );
  }
}
