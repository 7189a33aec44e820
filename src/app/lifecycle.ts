import type { Gap } from '../engine';

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

/** Starts and stops what an application consists of, in the order of its dependencies. */
export class Lifecycle {
  private readonly started: LifecycleHooks[] = [];
  private starting: Promise<void> | undefined;

  /** `members`: each after what it needs. `failed`: told of what throws in `onShutdown`. */
  constructor(
    private readonly members: readonly unknown[],
    private readonly failed: (error: unknown, where: string) => void,
  ) {}

  /** Does nothing when it has started. @throws what an `onInit` throws; those that were started are stopped before */
  start(): Promise<void> {
    return (this.starting ??= this.startAll());
  }

  /** Tells all that are started. */
  async tellOfGap(gap: Gap): Promise<void> {
    for (const hooks of this.started) {
      try {
        if (typeof hooks.onBackplaneGap === 'function') await hooks.onBackplaneGap(gap);
      } catch (error) {
        this.failed(error, `${hooks.constructor.name}.onBackplaneGap`);
      }
    }
  }

  private async startAll(): Promise<void> {
    for (const member of new Set(this.members)) {
      const hooks = Object(member) as LifecycleHooks;
      try {
        if (typeof hooks.onInit === 'function') await hooks.onInit();
      } catch (error) {
        await this.stop();
        throw error;
      }
      this.started.push(hooks);
    }
  }

  /** One that fails keeps no other from its turn. */
  async stop(): Promise<void> {
    this.starting = undefined;
    for (const hooks of this.started.splice(0).reverse()) {
      try {
        if (typeof hooks.onShutdown === 'function') await hooks.onShutdown();
      } catch (error) {
        this.failed(error, `${hooks.constructor.name}.onShutdown`);
      }
    }
  }
}
