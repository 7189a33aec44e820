import { CloseCode } from '../protocol';
import { PortalError } from '../messages';
import type { Subscriber } from '../connection';
import { Backlog, forgotten } from './backlog';
import { isAway, type History } from './history';
import { isAfter } from './offset';
import { hand, handIfItFits, type Subscription, type Topic } from './topic';
import type { HistoryEntry } from './history-entry';

/** So many topics ask the backplane at once for what they missed. */
const AT_ONCE = 64;

/**
 * Sends a subscriber all that came after an offset, in order, waiting for it to read; what is published meanwhile follows.
 * Rejects with `history_lost` where something is gone.
 */
export async function sendMissed(
  topic: Topic,
  subscriber: Subscriber,
  subscription: Subscription,
  since: string,
  history: History,
): Promise<void> {
  const { name, retention } = topic;
  const isThere = (): boolean => topic.subscriptions.get(subscriber) === subscription;
  for (let isDone = false; !isDone;) {
    subscription.waiting = new Backlog();
    const { delivered, isPaused } = topic;
    const missed = !isPaused && since === delivered ? [] : await history.after(name, since, retention!, isThere);
    if (!isThere()) return;
    if (missed === undefined) throw new PortalError('history_lost');
    subscription.floor = since;
    let hasRoom = sendSome(missed, subscriber, subscription);
    if (hasRoom) {
      // what was delivered before the backlog began is read, what came later is in it
      const isRead = delivered === undefined ? missed.length === 0 : !isAfter(delivered, subscription.floor);
      // a broker that was replaced by another may have lost it
      if (!isRead && missed.length === 0) throw new PortalError('history_lost');
      if (isRead && subscription.waiting.isWhole)
        isDone = hasRoom = sendWaiting(subscription.waiting, subscriber, subscription);
    }
    since = subscription.floor;
    if (!hasRoom) {
      // nothing is held for who does not read: it is read again
      subscription.waiting.forget();
      await subscriber.connection.drained();
    }
  }
  subscription.waiting = undefined;
}

/** Sends as many as there is room for; the subscription's floor is the last of them. Returns whether there was room for all, and more. */
function sendSome(missed: readonly HistoryEntry[], subscriber: Subscriber, subscription: Subscription): boolean {
  for (const entry of missed) {
    const handed = handIfItFits(subscriber, subscription, entry);
    if (handed === 'full') return false;
    subscription.floor = entry.offset;
    if (handed === 'last') return false;
  }
  return true;
}

/** The same for what came meanwhile, which has room if it fits. */
function sendWaiting(waiting: Backlog, subscriber: Subscriber, subscription: Subscription): boolean {
  for (const entry of waiting) if (handIfItFits(subscriber, subscription, entry) === 'full') return false;
  return true;
}

/** Messages come at once again, after those that have waited. */
export function stopWaiting(topic: Topic, subscriber: Subscriber, subscription: Subscription): void {
  const { waiting } = subscription;
  subscription.waiting = undefined;
  if (topic.subscriptions.get(subscriber) === subscription)
    for (const entry of waiting ?? []) hand(subscriber, subscription, entry);
}

/**
 * Gets what topics missed while the backplane was away, and delivers it and what came since. Adds to `lost` the names of those of which
 * something is gone. Rejects when the backplane is away again; the rest waits for the next time.
 */
export async function catchUp(
  topics: Iterable<Topic>,
  history: History,
  lost: Set<string>,
  deliver: (topic: Topic, entry: HistoryEntry) => void,
): Promise<void> {
  const behind = [...topics].filter(({ isPaused, retention, base }) => isPaused || (retention && base === undefined));
  // their subscribers came while the backplane was away: nobody knows what they missed
  for (const { name, base } of behind) if (base === undefined) lost.add(name);
  const work = async (): Promise<void> => {
    try {
      for (let topic = behind.pop(); topic !== undefined; topic = behind.pop()) {
        if (!(await deliverMissed(topic, history, (entry) => deliver(topic, entry)).catch(unlessAway)))
          lost.add(topic.name);
        topic.resume((entry) => deliver(topic, entry));
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
async function deliverMissed(topic: Topic, history: History, deliver: (entry: HistoryEntry) => void): Promise<boolean> {
  const { name, subscriptions } = topic;
  const retention = topic.retention!;
  if (topic.base === undefined) {
    topic.base = await history.last(name, retention);
    // the latest may still be on its way to us
    if (topic.delivered === undefined) return true;
  }
  for (let from = topic.position!; ;) {
    const missed = await history.after(name, from, retention, () => subscriptions.size > 0);
    if (missed === undefined) return false;
    topic.deliverMissed(missed, deliver);
    from = missed.at(-1)?.offset ?? from;
    sendRests(topic, history);
    if (missed.length === 0 && !topic.takeForgotten()) return true;
  }
}

function sendRests(topic: Topic, history: History): void {
  for (const [subscriber, subscription] of topic.subscriptions) {
    if (subscription.isBehind !== true) continue;
    subscription.isBehind = false;
    subscription.waiting ??= forgotten();
    void sendRest(topic, subscriber, subscription, history);
  }
}

/** One who does not read as fast as a topic catches up is sent the rest by itself. What cannot be had then, it can ask for when it comes back. */
async function sendRest(
  topic: Topic,
  subscriber: Subscriber,
  subscription: Subscription,
  history: History,
): Promise<void> {
  const { connection } = subscriber;
  const isThere = (): boolean => topic.subscriptions.get(subscriber) === subscription;
  try {
    await connection.drained();
    if (isThere()) await sendMissed(topic, subscriber, subscription, subscription.floor!, history);
  } catch {
    if (isThere()) void connection.close(CloseCode.TryAgainLater, 'messages were missed');
  }
}

/** What the broker refuses to tell is lost; what it cannot tell now is asked for again. */
function unlessAway(error: unknown): false {
  if (isAway(error)) throw error;
  return false;
}
