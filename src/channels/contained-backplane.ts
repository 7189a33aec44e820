import { isThenable, takeRejection } from '../messages';
import type { Backplane, BackplaneEvents, BackplaneHistory } from './backplane';

/**
 * A backplane that may be a user's own, so its failures must end nothing. A method that should return a promise rejects where the user's
 * own throws, and a packet for which `publish` throws counts as lost.
 */
export class ContainedBackplane implements Backplane {
  readonly history: BackplaneHistory | undefined;
  private events: BackplaneEvents | undefined;

  constructor(private readonly own: Backplane) {
    this.history = own.history && contained(own.history);
  }

  get maxPacketBytes(): number | undefined {
    return this.own.maxPacketBytes;
  }

  async start(events: BackplaneEvents): Promise<void> {
    this.events = events;
    await this.own.start(events);
  }

  async stop(): Promise<void> {
    await this.own.stop();
  }

  async subscribe(subject: string): Promise<void> {
    await this.own.subscribe(subject);
  }

  async unsubscribe(subject: string): Promise<void> {
    await this.own.unsubscribe(subject);
  }

  publish(subject: string, packet: Uint8Array): boolean {
    try {
      const taken: unknown = this.own.publish(subject, packet);
      if (isThenable(taken)) takeRejection(taken, this.lost);
      return taken !== false;
    } catch (error) {
      this.lost(error);
      // nobody knows whether it would fail again, and others wait behind it
      return true;
    }
  }

  private readonly lost = (error: unknown): void => {
    // the reason may be a promise that rejects later
    if (isThenable(error)) return takeRejection(error, this.lost);
    this.events?.onLost(1, error instanceof Error ? error : new Error(String(error)));
  };
}

function contained(own: BackplaneHistory): BackplaneHistory {
  return {
    get maxPacketBytes() {
      return own.maxPacketBytes;
    },
    append: async (...packet) => own.append(...packet),
    last: async (...channel) => own.last(...channel),
    after: async (...channel) => own.after(...channel),
  };
}
