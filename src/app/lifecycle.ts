import { systemClock, classNameOf, errorThrown, type Clock } from '../messages';
import type { Gap } from '../connection';
import { Deadline } from './deadline';

/** Methods of providers, controllers and modules that Portal calls, each of them optional. */
export interface LifecycleHooks {
  /** Called before the first connection, after those of all dependencies, and awaited. */
  onInit?(): Promise<void> | void;
  /** Called after the last connection has closed, before those of all dependencies, and awaited. */
  onShutdown?(): Promise<void> | void;
  /**
   * Called when the backplane is back. Messages that were published in the gap may be lost, in both directions: read anew what must not be
   * missed.
   */
  onBackplaneGap?(gap: Gap): Promise<void> | void;
}

interface Hooks extends LifecycleHooks {
  /** tsyringe's own hook: called at the end of the application, or of a connection. */
  dispose?(): Promise<void> | void;
}

interface Member {
  readonly hooks: Hooks;
  /** True where the application made it. */
  readonly own: boolean;
  /** `stopped` by a failed start: it may be started again, and must be disposed of. */
  state: 'made' | 'starting' | 'started' | 'stopped' | 'ended';
}

export interface LifecycleTime {
  readonly clock: Clock;
  /** Milliseconds for the end of all members together. */
  readonly deadlineMs: number;
}

/** The default of `shutdown.deadlineMs`. */
export const DEFAULT_DEADLINE_MS = 30_000;

type Failed = (error: unknown, where: string) => void;

/** Starts the members of an application in the order of their dependencies, and ends them in the reverse order. */
export class Lifecycle {
  private readonly members = new Map<unknown, Member>();
  private starting: Promise<boolean> | undefined;
  private running = false;
  /** The starts of members that were added while the application runs, one after the other. */
  private late = Promise.resolve();
  private interrupted = false;
  /** Counts ends. A start that takes longer notices one by it. */
  private round = 0;

  /** Each of `members` stands after its dependencies. `failed` gets errors of `onShutdown`, and hooks that do not settle. */
  constructor(
    members: readonly unknown[],
    private readonly failed: Failed,
    private readonly time: LifecycleTime = { clock: systemClock, deadlineMs: DEFAULT_DEADLINE_MS },
  ) {
    for (const member of members) this.add(member, false);
  }

  /** Adds a member after its dependencies. In an application that runs it starts at once. An `own` member is disposed of at the end. */
  add(instance: unknown, own: boolean): void {
    if (this.members.has(instance)) return;
    const member: Member = { hooks: Object(instance) as Hooks, own, state: 'made' };
    this.members.set(instance, member);
    if (this.running) this.late = this.late.then(() => this.startLate(member));
  }

  /**
   * Starts all members that have not started. Resolves with false where `interrupt` was called.
   * @param last true where no other start can follow a failure
   * @throws the error of an `onInit`, after started members were stopped; with `last`, after all members were ended
   */
  start(last = false): Promise<boolean> {
    if (this.starting === undefined) {
      this.interrupted = false;
      this.starting = this.startAll(last);
    }
    return this.starting;
  }

  /** Ends a start under way after the `onInit` that it waits for. */
  interrupt(): void {
    this.interrupted = true;
  }

  /** Tells all started members of a gap. */
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

  /** Shuts down started members, which can be started again. The failure of one keeps no other from its turn. */
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

  /** Shuts down all members, and disposes of those that the application made itself. */
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
