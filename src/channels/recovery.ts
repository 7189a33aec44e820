import { CloseCode } from '../protocol';
import { PortalError } from '../messages';
import type { Subscriber } from '../connection';
import { Backlog, forgotten } from './backlog';
import { isAway, type History } from './history';
import { isAfter } from './offset';
import { hand, handIfItFits, type Seat, type Topic } from './topic';
import type { Kept } from './kept';

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
  const isThere = (): boolean => topic.seats.get(subscriber) === seat;
  for (let isDone = false; !isDone;) {
    seat.waiting = new Backlog();
    const { delivered, isPaused } = topic;
    const missed = !isPaused && since === delivered ? [] : await history.after(name, since, keep!, isThere);
    if (!isThere()) return;
    if (missed === undefined) throw new PortalError('history_lost');
    seat.floor = since;
    let hasRoom = sendSome(missed, subscriber, seat);
    if (hasRoom) {
      // what was delivered before the backlog began is read, what came later is in it
      const isRead = delivered === undefined ? missed.length === 0 : !isAfter(delivered, seat.floor);
      // a broker that was replaced by another may have lost it
      if (!isRead && missed.length === 0) throw new PortalError('history_lost');
      if (isRead && seat.waiting.isWhole) isDone = hasRoom = sendWaiting(seat.waiting, subscriber, seat);
    }
    since = seat.floor;
    if (!hasRoom) {
      // nothing is held for who does not read: it is read again
      seat.waiting.forget();
      await subscriber.connection.drained();
    }
  }
  seat.waiting = undefined;
}

/** Sends as many as there is room for; the seat's floor is the last of them. Returns whether there was room for all, and more. */
function sendSome(missed: readonly Kept[], subscriber: Subscriber, seat: Seat): boolean {
  for (const kept of missed) {
    const handed = handIfItFits(subscriber, seat, kept);
    if (handed === 'full') return false;
    seat.floor = kept.offset;
    if (handed === 'last') return false;
  }
  return true;
}

/** The same for what came meanwhile, which has room if it fits. */
function sendWaiting(waiting: Backlog, subscriber: Subscriber, seat: Seat): boolean {
  for (const kept of waiting) if (handIfItFits(subscriber, seat, kept) === 'full') return false;
  return true;
}

/** Messages come at once again, after those that have waited. */
export function stopWaiting(topic: Topic, subscriber: Subscriber, seat: Seat): void {
  const { waiting } = seat;
  seat.waiting = undefined;
  if (topic.seats.get(subscriber) === seat) for (const kept of waiting ?? []) hand(subscriber, seat, kept);
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
  const behind = [...topics].filter(({ isPaused, keep, base }) => isPaused || (keep && base === undefined));
  // subscribers of these came while the backplane was away: nobody knows from where on it is theirs
  for (const { name, base } of behind) if (base === undefined) lost.add(name);
  const work = async (): Promise<void> => {
    try {
      for (let topic = behind.pop(); topic !== undefined; topic = behind.pop()) {
        if (!(await deliverMissed(topic, history, (kept) => deliver(topic, kept)).catch(unlessAway)))
          lost.add(topic.name);
        topic.resume((kept) => deliver(topic, kept));
        sendRests(topic, history);
      }
    } finally {
      behind.length = 0;
    }
  };
  const works = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
  for (const outcome of works) if (outcome.status === 'rejected') throw outcome.reason;
}

/** Returns false where something is gone. */
async function deliverMissed(topic: Topic, history: History, deliver: (kept: Kept) => void): Promise<boolean> {
  const { name, seats } = topic;
  const keep = topic.keep!;
  if (topic.base === undefined) {
    topic.base = await history.last(name, keep);
    // the latest may be on its way to us still
    if (topic.delivered === undefined) return true;
  }
  for (let from = topic.position!; ;) {
    const missed = await history.after(name, from, keep, () => seats.size > 0);
    if (missed === undefined) return false;
    topic.deliverMissed(missed, deliver);
    from = missed.at(-1)?.offset ?? from;
    sendRests(topic, history);
    if (missed.length === 0 && !topic.takeForgotten()) return true;
  }
}

function sendRests(topic: Topic, history: History): void {
  for (const [subscriber, seat] of topic.seats) {
    if (seat.isBehind !== true) continue;
    seat.isBehind = false;
    seat.waiting ??= forgotten();
    void sendRest(topic, subscriber, seat, history);
  }
}

/** One who does not read as fast as a topic catches up is sent the rest by itself. What cannot be had then, it can ask for when it comes back. */
async function sendRest(topic: Topic, subscriber: Subscriber, seat: Seat, history: History): Promise<void> {
  const { connection } = subscriber;
  const isThere = (): boolean => topic.seats.get(subscriber) === seat;
  try {
    await connection.drained();
    if (isThere()) await sendMissed(topic, subscriber, seat, seat.floor!, history);
  } catch {
    if (isThere()) void connection.close(CloseCode.TryAgainLater, 'messages were missed');
  }
}

/** What the broker refuses to tell is lost; what it cannot tell now is asked for again. */
function unlessAway(error: unknown): false {
  if (isAway(error)) throw error;
  return false;
}
