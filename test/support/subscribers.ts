import { randomUUID } from 'node:crypto';
import { SharedMessage, type Subscriber } from '../../src/engine';
import type { HistoryOptions } from '../../src/channels/backplane';
import type { History, Others } from '../../src/channels/history';
import type { HistoryEntry } from '../../src/channels/history-entry';

/** A subscriber without a connection. */
export class FakeSubscriber {
  readonly received: string[] = [];
  /** The codes with which it was closed. */
  readonly closed: number[] = [];
  /** Called for each wait until it has read its messages. */
  onDrained: () => Promise<void> = () => Promise.resolve();
  /** The result of `sendShared`: room for more. */
  hasRoom = true;
  /** The number of messages for which it has room. */
  fitting = Infinity;

  /** The subscriber's face to the channels; always the same object. */
  readonly subscriber: Subscriber;

  constructor(
    readonly id: string = randomUUID(),
    identified = true,
  ) {
    this.subscriber = {
      connection: {
        id,
        identified,
        drained: () => this.onDrained(),
        close: (code: number) => this.closed.push(code),
      },
      state: 'open',
      sender: {
        hasRoomFor: () => this.fitting > 0,
        sendShared: (message: SharedMessage): boolean => {
          this.received.push(textOf(message));
          this.fitting--;
          return this.hasRoom;
        },
      },
    } as unknown as Subscriber;
  }
}

export const textOf = ({ payload }: SharedMessage): string => Buffer.from(payload).toString();

export const text = (message: string): SharedMessage => new SharedMessage(message);

/** The history entry `n`, with its number as the message. */
export const entry = (n: number, sender?: string, epoch = 1): HistoryEntry => ({
  offset: `${epoch}-${n}`,
  message: text(String(n)),
  sender,
});

/** Resolves when all promises that can settle have settled. */
export const turns = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A history whose answers a test sets. */
export class FakeHistory implements History {
  readonly asked: string[] = [];
  onAfter: (channel: string, since: string) => Promise<HistoryEntry[] | undefined> = () => Promise.resolve([]);
  onLast: (channel: string) => Promise<string> = () => Promise.resolve('1-0');

  append(): Others {
    throw new Error('nobody appends here');
  }

  last(channel: string): Promise<string> {
    this.asked.push(`last of ${channel}`);
    return this.onLast(channel);
  }

  after(
    channel: string,
    since: string,
    _keep: HistoryOptions,
    _isWanted?: () => boolean,
  ): Promise<HistoryEntry[] | undefined> {
    this.asked.push(`${channel} after ${since}`);
    return this.onAfter(channel, since);
  }
}

/** The error of a backplane that has no connection. */
export const away = (): Error => Object.assign(new Error('the backplane is away'), { retry: true });
