import { PortalError, type Subscriber } from '../engine';
import { isAway, type History } from './history';
import { hand, isSender, type Kept, type Seat, type Topic } from './topic';

/** So many topics ask the backplane at once for what they missed. */
const AT_ONCE = 64;

/**
 * Sends a subscriber all that came after an offset, in order, waiting for it to read; what is published meanwhile follows.
 * Rejects with `history_lost` where something is gone.
 */
export async function sendMissed(
  topic: Topic,
  subscriber: Subscriber,
  seat: Seat,
  since: string,
  history: History,
): Promise<void> {
  const { name, keep } = topic;
  for (let isWhole = false; !isWhole;) {
    seat.waiting = [];
    const missed = await history.after(name, since, keep!);
    if (missed === undefined) throw new PortalError('history_lost');
    seat.floor = since;
    for (const kept of missed) {
      if (topic.seats.get(subscriber) !== seat) return;
      since = kept.offset;
      seat.floor = since;
      if (isSender(subscriber, kept) || subscriber.outbox.sendShared(kept.message)) continue;
      await subscriber.connection.drained();
    }
    // when more came than has room to wait, it is asked for
    isWhole = seat.waiting.length <= keep!.size;
  }
  stopWaiting(topic, subscriber, seat);
}

/** Messages come at once again, after those that have waited. */
export function stopWaiting(topic: Topic, subscriber: Subscriber, seat: Seat): void {
  const { waiting = [] } = seat;
  seat.waiting = undefined;
  if (topic.seats.get(subscriber) === seat) for (const kept of waiting) hand(subscriber, seat, kept);
}

/**
 * Gets what topics missed while the backplane was away, and delivers it and what came since. Adds to `lost` the names of those of which
 * something is gone. Rejects when the backplane is away again; the rest waits for the next time.
 */
export async function catchUp(
  topics: Iterable<Topic>,
  history: History,
  lost: Set<string>,
  deliver: (topic: Topic, kept: Kept) => void,
): Promise<void> {
  const behind = [...topics].filter(({ isPaused, keep, position }) => isPaused || (keep && position === undefined));
  const work = async (): Promise<void> => {
    try {
      for (let topic = behind.pop(); topic !== undefined; topic = behind.pop()) {
        const missed = await missedBy(topic, history).catch(unlessAway);
        if (missed === undefined) lost.add(topic.name);
        for (const kept of topic.resume(missed ?? [])) deliver(topic, kept);
      }
    } finally {
      behind.length = 0;
    }
  };
  const works = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  for (const outcome of works) if (outcome.status === 'rejected') throw outcome.reason;
}

async function missedBy(topic: Topic, history: History): Promise<Kept[] | undefined> {
  const { name, position } = topic;
  if (position !== undefined) return history.after(name, position, topic.keep!);
  // its subscribers came while the backplane was away: nobody knows from where on it is theirs
  topic.base = await history.last(name, topic.keep!);
  return undefined;
}

/** What the broker refuses to tell is lost; what it cannot tell now is asked for again. */
function unlessAway(error: unknown): undefined {
  if (isAway(error)) throw error;
}
