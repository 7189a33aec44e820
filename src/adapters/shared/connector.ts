import { setTimeout as sleep } from 'node:timers/promises';
import type { BackplaneEvents } from '../../channels';

/** The pause between two attempts, in milliseconds. A random part keeps the nodes of an application from coming back all at once. */
export interface Pause {
  readonly ms: number;
  readonly jitterMs: number;
}

/** The time from `start` to `stop`. */
export interface Run<Link> {
  readonly events: BackplaneEvents;
  /** Aborts when the run is to stop. */
  readonly signal: AbortSignal;
  /** The link, also while its subscriptions are not all confirmed. */
  link: Link | undefined;
  isUp: boolean;
}

/** Keeps a backplane connected: makes one link to the broker after another, from `start` to `stop`. It can be started again. */
export class Connector<Link> {
  private run: (Run<Link> & { readonly abort: AbortController; done: Promise<void> }) | undefined;
  private stopping: Promise<void> = Promise.resolve();

  /**
   * `connect` makes one link, calls `up` when all of its subscriptions hold, and resolves with the reason when the link has ended or could
   * not be made. `closed` resolves when nothing of a run is left.
   */
  constructor(
    private readonly pause: Pause,
    private readonly connect: (run: Run<Link>, up: () => void) => Promise<Error>,
    private readonly closed: () => Promise<void> = () => Promise.resolve(),
  ) {}

  /** The link, also one that is not up yet. */
  get link(): Link | undefined {
    return this.run?.link;
  }

  /** The link, when all of its subscriptions hold. */
  get up(): Link | undefined {
    return this.run?.isUp === true ? this.run.link : undefined;
  }

  get events(): BackplaneEvents | undefined {
    return this.run?.events;
  }

  /**
   * Resolves when the first attempt is over.
   * @throws Error when it was started and not stopped
   */
  async start(events: BackplaneEvents): Promise<void> {
    if (this.run !== undefined) throw new Error('the backplane is started already');
    const before = this.stopping;
    const abort = new AbortController();
    const run = { events, abort, signal: abort.signal, done: before, link: undefined, isUp: false };
    this.run = run;
    await new Promise<void>((attempted) => {
      run.done = before
        .then(() => this.stayConnected(run, attempted))
        .finally(attempted)
        .then(() => this.closed());
    });
  }

  /** `end` ends the link, which need not be up. Resolves when everything is closed. */
  stop(end: (run: Run<Link>) => void): Promise<void> {
    const { run } = this;
    if (run !== undefined) {
      this.run = undefined;
      end(run);
      run.abort.abort();
      this.stopping = run.done;
    }
    return this.stopping;
  }

  private async stayConnected(run: Run<Link>, attempted: () => void): Promise<void> {
    const { events, signal } = run;
    let isDown = false;
    while (!signal.aborted) {
      const error = await this.connect(run, () => {
        run.isUp = true;
        isDown = false;
        report(() => events.onUp());
        attempted();
      });
      if (signal.aborted) return;
      if (!isDown) report(() => events.onDown(error));
      isDown = true;
      attempted();
      const ms = this.pause.ms + Math.random() * this.pause.jitterMs;
      await sleep(ms, undefined, { signal }).catch(() => undefined);
    }
  }
}

/** Calls a listener. An error that it throws must not go through the broker's client, which would take it for its own, or stop. */
export function report(call: () => void): void {
  try {
    call();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
