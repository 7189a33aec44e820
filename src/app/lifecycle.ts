import { systemClock, type Clock } from '../messages';
import type { Gap } from '../connection';
import { classNameOf, errorThrown } from '../messages';
import { Deadline } from './deadline';

/** What providers, controllers and modules may have. */
export interface LifecycleHooks {
  /** Before the first connection is taken; awaited, after those of all that it needs. */
  onInit?(): Promise<void> | void;
  /** When the last connection has gone; awaited, before those of all that it needs. */
  onShutdown?(): Promise<void> | void;
  /**
   * The backplane is back: what other processes published in the gap may not have come here, and the other way round. So read anew
   * what must not be missed.
   */
  onBackplaneGap?(gap: Gap): Promise<void> | void;
}

interface Hooks extends LifecycleHooks {
  /** tsyringe's. */
  dispose?(): Promise<void> | void;
}

interface Member {
  readonly hooks: Hooks;
  /** Whether the application made it. */
  readonly own: boolean;
  /** `stopped`: by a start that failed; it may be started again, and is to be disposed of. */
  state: 'made' | 'starting' | 'started' | 'stopped' | 'ended';
}

export interface LifecycleTime {
  readonly clock: Clock;
  /** What ends has so much time, all of it together. */
  readonly deadlineMs: number;
}

/** `shutdown.deadlineMs` where the options do not say. */
export const DEFAULT_DEADLINE_MS = 30_000;

type Failed = (error: unknown, where: string) => void;

/** Starts and ends what an application consists of, in the order of its dependencies. */
export class Lifecycle {
  private readonly members = new Map<unknown, Member>();
  private starting: Promise<boolean> | undefined;
  private running = false;
  /** Those that are added while it runs, one after the other. */
  private late = Promise.resolve();
  private interrupted = false;
  /** Counts ends, so that a start that took longer notices. */
  private round = 0;

  /** `members`: each after what it needs. `failed`: told of what throws or does not settle in `onShutdown`. */
  constructor(
    members: readonly unknown[],
    private readonly failed: Failed,
    private readonly time: LifecycleTime = { clock: systemClock, deadlineMs: DEFAULT_DEADLINE_MS },
  ) {
    for (const member of members) this.add(member, false);
  }

  /** One more, after all that it needs. `own`: it is disposed of at the end. In an application that runs it starts at once. */
  add(instance: unknown, own: boolean): void {
    if (this.members.has(instance)) return;
    const member: Member = { hooks: Object(instance) as Hooks, own, state: 'made' };
    this.members.set(instance, member);
    if (this.running) this.late = this.late.then(() => this.startLate(member));
  }

  /**
   * Does nothing when it has started. Resolves with false when it was interrupted.
   * @param last whether it cannot be started again when that fails
   * @throws what an `onInit` throws; those that were started are stopped before, and at the last all that was made
   */
  start(last = false): Promise<boolean> {
    if (this.starting === undefined) {
      this.interrupted = false;
      this.starting = this.startAll(last);
    }
    return this.starting;
  }

  /** Lets a start that is under way come to its end after the `onInit` that it is at. */
  interrupt(): void {
    this.interrupted = true;
  }

  /** Tells all that are started. */
  async tellOfGap(gap: Gap): Promise<void> {
    for (const { hooks, state } of [...this.members.values()]) {
      if (state !== 'started') continue;
      try {
        if (typeof hooks.onBackplaneGap === 'function') await hooks.onBackplaneGap(gap);
      } catch (error) {
        this.failed(error, `${classNameOf(hooks)}.onBackplaneGap`);
      }
    }
  }

  /** Shuts down what was started, so that it can be started again. One that fails keeps no other from its turn. */
  async stop(): Promise<void> {
    this.leave();
    const deadline = this.deadline();
    for (const member of [...this.members.values()].reverse()) {
      if (member.state !== 'started') continue;
      member.state = 'stopped';
      await this.call(member.hooks, 'onShutdown', deadline);
    }
    deadline.cancel();
  }

  /** Shuts down all that was made, and disposes of what the application made itself. */
  async end(deadline = this.deadline()): Promise<void> {
    this.leave();
    for (const member of [...this.members.values()].reverse()) {
      if (member.state === 'starting') this.failed(late('onInit', deadline), `${classNameOf(member.hooks)}.onInit`);
      else await this.endOne(member, deadline);
    }
    deadline.cancel();
  }

  deadline(): Deadline {
    return new Deadline(this.time.clock, this.time.deadlineMs);
  }

  private leave(): void {
    this.starting = undefined;
    this.running = false;
    this.round++;
  }

  private async startAll(last: boolean): Promise<boolean> {
    const { round } = this;
    // those that are added meanwhile have their turn too
    for (const member of this.members.values()) {
      if (this.interrupted) return false;
      if (member.state === 'started') continue;
      const before = member.state;
      member.state = 'starting';
      try {
        if (typeof member.hooks.onInit === 'function') await member.hooks.onInit();
      } catch (error) {
        member.state = before;
        if (round === this.round) await (last ? this.end() : this.stop());
        throw errorThrown(error, (reason) => this.failed(reason, `${classNameOf(member.hooks)}.onInit`));
      }
      member.state = 'started';
      if (round !== this.round) {
        await this.endOne(member, this.deadline());
        return false;
      }
    }
    this.running = !this.interrupted;
    return this.running;
  }

  private async startLate(member: Member): Promise<void> {
    const { round } = this;
    if (!this.running || member.state !== 'made') return;
    member.state = 'starting';
    try {
      if (typeof member.hooks.onInit === 'function') await member.hooks.onInit();
    } catch (error) {
      this.failed(error, `${classNameOf(member.hooks)}.onInit`);
    }
    member.state = 'started';
    if (round !== this.round) await this.endOne(member, this.deadline());
  }

  private async endOne(member: Member, deadline: Deadline): Promise<void> {
    const { hooks, own, state } = member;
    if (state === 'ended') return;
    member.state = 'ended';
    if (state !== 'stopped') await this.call(hooks, 'onShutdown', deadline);
    if (own) await this.call(hooks, 'dispose', deadline);
  }

  private async call(hooks: Hooks, name: 'onShutdown' | 'dispose', deadline: Deadline): Promise<void> {
    const where = `${classNameOf(hooks)}.${name}`;
    try {
      if (typeof hooks[name] !== 'function') return;
      const work = hooks[name]();
      if (await deadline.allows(work)) return;
      this.failed(late(name, deadline), where);
      void Promise.resolve(work).catch((error: unknown) => this.failed(error, where));
    } catch (error) {
      this.failed(error, where);
    }
  }
}

function late(hook: string, { ms }: Deadline): Error {
  return new Error(`${hook} had not settled within shutdown.deadlineMs (${ms}), and is waited for no longer`);
}
