import { Refusal } from '../../handshake';
import type { Deadlines } from '../../messages';
import type { Acceptance, Endpoint, Verdict } from '../../connection';
import type { ConnectionDriver } from '../../connection';
import { isThenable } from '../../messages';

/** Answers an upgrade with what was decided. */
export interface UpgradeResponder {
  /** @throws Error for an acceptance that cannot be sent */
  accept(acceptance: Acceptance | undefined): void;
  refuse(refusal: Refusal): void;
  /** The client has gone. */
  abandoned(): void;
  /** The hook failed. */
  failed(error: unknown): void;
  /** Resolves when the server knows whether the client has left by now. If it has, `abandon` was called. */
  look(): Promise<void>;
}

const FAILED = new Refusal(500, 'The handshake failed.');
const TOO_SLOW = new Refusal(408, 'The handshake took too long.', {}, 'handshakeTimeoutMs');

/** A synchronous hook that takes longer may have missed that the client left. */
const LONG_MS = 20;

/**
 * An allowed upgrade that the endpoint's hook accepts or refuses, at once or later, up to a deadline. The first decision
 * counts.
 */
export class PendingUpgrade {
  private decided = false;
  private cancelDeadline: (() => void) | undefined;

  constructor(
    private readonly driver: ConnectionDriver,
    private readonly responder: UpgradeResponder,
    /** Called when the upgrade is decided. */
    private readonly done: (upgrade: PendingUpgrade) => void,
  ) {
    driver.upgrade = this;
  }

  ask(hook: NonNullable<Endpoint['upgrade']>, deadlines: Deadlines, timeoutMs: number): void {
    let verdict: Promise<Verdict> | Verdict;
    let isLate: boolean;
    const begin = performance.now();
    try {
      verdict = hook(this.driver.connection);
      isLate = isThenable(verdict) || performance.now() - begin > LONG_MS;
    } catch (error) {
      this.fail(error);
      return;
    }
    if (!isLate) {
      this.decide(verdict as Verdict);
      return;
    }
    Promise.resolve(verdict).then(
      (late) => this.afterLook(() => this.decide(late)),
      (error: unknown) => this.afterLook(() => this.fail(error)),
    );
    // the hook itself may have refused
    if (this.decided) return;
    try {
      this.cancelDeadline = deadlines.set(timeoutMs, () => this.refuse(TOO_SLOW));
    } catch (error) {
      this.fail(error);
    }
  }

  refuse(refusal: Refusal): void {
    if (this.settle()) this.answer(refusal);
  }

  /** The client has gone, or its connection was terminated. */
  abandon(): void {
    if (!this.settle()) return;
    this.responder.abandoned();
    this.driver.discard();
  }

  private async afterLook(settle: () => void): Promise<void> {
    if (this.decided) return;
    await this.responder.look();
    settle();
  }

  private decide(verdict: Verdict): void {
    if (verdict instanceof Refusal) {
      this.refuse(verdict);
      return;
    }
    // settled first: a server that closes while the upgrade is accepted must not refuse it
    if (!this.settle()) return;
    try {
      this.responder.accept(verdict);
    } catch (error) {
      this.giveUp(error);
    }
  }

  private fail(error: unknown): void {
    if (this.settle()) this.giveUp(error);
  }

  private giveUp(error: unknown): void {
    this.responder.failed(error);
    this.answer(FAILED);
  }

  private answer(refusal: Refusal): void {
    try {
      this.responder.refuse(refusal);
    } finally {
      this.driver.discard();
    }
  }

  private settle(): boolean {
    if (this.decided) return false;
    this.decided = true;
    this.driver.upgrade = undefined;
    this.cancelDeadline?.();
    this.done(this);
    return true;
  }
}
