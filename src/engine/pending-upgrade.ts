import { Refusal } from '../handshake';
import type { Deadlines } from './deadlines';
import type { Acceptance, Endpoint, Verdict } from './endpoint';
import type { Session } from './session';
import { isThenable } from './users-code';

/** What a door does with the decision. */
export interface UpgradeDoor {
  /** @throws Error when what the hook asks for cannot be had */
  accept(acceptance: Acceptance | undefined): void;
  refuse(refusal: Refusal): void;
  /** The hook failed. */
  failed(error: unknown): void;
  /** Whether the client is still there; where it is not, `abandon` follows. */
  stays(): Promise<boolean>;
}

const FAILED = new Refusal(500, 'The handshake failed.');
const TOO_SLOW = new Refusal(408, 'The handshake took too long.', {}, 'handshakeTimeoutMs');

/**
 * An upgrade request that is in order, and that the endpoint's hook accepts or refuses, in its own time up to a deadline.
 * It is decided once: whatever comes later counts for nothing.
 */
export class PendingUpgrade {
  private decided = false;
  private cancelDeadline: (() => void) | undefined;

  constructor(
    private readonly session: Session,
    private readonly door: UpgradeDoor,
    /** Called when a decision that took time has been made. */
    private readonly done: (upgrade: PendingUpgrade) => void,
  ) {}

  /** True when it was decided at once. */
  ask(hook: NonNullable<Endpoint['upgrade']>, deadlines: Deadlines, timeoutMs: number): boolean {
    let verdict: Promise<Verdict> | Verdict;
    let isLate: boolean;
    try {
      verdict = hook(this.session.connection);
      isLate = isThenable(verdict);
    } catch (error) {
      this.fail(error);
      return true;
    }
    if (!isLate) {
      this.decide(verdict as Verdict);
      return true;
    }
    this.cancelDeadline = deadlines.set(timeoutMs, () => this.refuse(TOO_SLOW));
    Promise.resolve(verdict).then(
      (late) => this.ifStays(() => this.decide(late)),
      (error: unknown) => this.ifStays(() => this.fail(error)),
    );
    return false;
  }

  refuse(refusal: Refusal): void {
    if (!this.settle()) return;
    this.door.refuse(refusal);
    this.session.discard();
  }

  /** The client has gone. */
  abandon(): void {
    if (this.settle()) this.session.discard();
  }

  private async ifStays(settle: () => void): Promise<void> {
    if (!this.decided && (await this.door.stays())) settle();
  }

  private decide(verdict: Verdict): void {
    if (verdict instanceof Refusal) {
      this.refuse(verdict);
      return;
    }
    // first: what accepting causes, such as the end of the server, must not refuse it any more
    if (!this.settle()) return;
    try {
      this.door.accept(verdict);
    } catch (error) {
      this.giveUp(error);
    }
  }

  private fail(error: unknown): void {
    if (this.settle()) this.giveUp(error);
  }

  private giveUp(error: unknown): void {
    this.door.failed(error);
    this.door.refuse(FAILED);
    this.session.discard();
  }

  private settle(): boolean {
    if (this.decided) return false;
    this.decided = true;
    this.cancelDeadline?.();
    this.done(this);
    return true;
  }
}
