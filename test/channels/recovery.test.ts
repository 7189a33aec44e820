import type { History } from '../../src/channels/history';
import { catchUp, sendMissed } from '../../src/channels/recovery';
import { Backlog } from '../../src/channels/backlog';
import { isAfter } from '../../src/channels/offset';
import { Topic, type Subscription } from '../../src/channels/topic';
import type { HistoryEntry } from '../../src/channels/history-entry';
import { away, FakeHistory, FakeSubscriber, kept, text, turns } from '../support/subscribers';

const keep = { size: 3, ttlSeconds: 60 };

const range = (from: number, to: number): HistoryEntry[] =>
  Array.from({ length: to - from + 1 }, (_, index) => kept(from + index));

const numbers = (from: number, to: number): string[] => range(from, to).map(({ offset }) => offset.slice(2));

/** A history that keeps these, and tells all that come after an offset. */
const keeping =
  (...those: HistoryEntry[]) =>
  (_channel: string, since: string): Promise<HistoryEntry[]> =>
    Promise.resolve(those.filter(({ offset }) => isAfter(offset, since)));

/** Those of which something is gone. */
async function caughtUp(
  topics: Topic[],
  history: History,
  deliver: (channel: string, kept: HistoryEntry) => void,
): Promise<string[]> {
  const lost = new Set<string>();
  await catchUp(topics, history, lost, ({ name }, message) => deliver(name, message));
  return [...lost];
}

/** A promise, and what settles it. */
function later<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: Error) => void;
  const promise = new Promise<T>((...both) => ([resolve, reject] = both));
  return { promise, resolve, reject };
}

describe('one who comes back', () => {
  /** Sits in a topic, and waits for what it missed since 1-2. */
  function comeBack(one = new FakeSubscriber()) {
    const topic = new Topic('log', keep);
    const history = new FakeHistory();
    const subscription: Subscription = { data: undefined, waiting: new Backlog() };
    topic.subscriptions.set(one.subscriber, subscription);
    const send = () => sendMissed(topic, one.subscriber, subscription, '1-2', history);
    const live = (...those: HistoryEntry[]): void => those.forEach((message) => topic.take(message));
    return { topic, history, subscription, send, live, one };
  }

  test('gets all that it missed, and then what comes', async () => {
    const { history, send, one, live, subscription } = comeBack();
    history.onAfter = keeping(...range(3, 5));
    await send();
    live(...range(6, 7));
    expect(history.asked).toEqual(['log after 1-2', 'log after 1-5']);
    expect(one.received).toEqual(numbers(3, 7));
    expect(subscription).toMatchObject({ waiting: undefined, floor: '1-5' });
  });

  test('gets what comes while it is asked for after that, each message once', async () => {
    const { history, send, one, live } = comeBack();
    const answer = later<HistoryEntry[]>();
    history.onAfter = () => answer.promise;
    const sent = send();
    live(...range(4, 6));
    await turns();
    expect(one.received).toEqual([]);
    // some of them were there when the history was read, and some not
    answer.resolve(range(3, 5));
    history.onAfter = keeping(...range(3, 6));
    await sent;
    expect(one.received).toEqual(numbers(3, 6));
  });

  test('is not asked for where it has had all that was delivered', async () => {
    const { topic, history, send, live, one } = comeBack();
    topic.take(kept(2));
    await send();
    live(kept(3));
    expect(history.asked).toEqual([]);
    expect(one.received).toEqual(['3']);
  });

  test('is asked for once where it is known to be the last', async () => {
    const { topic, history, send, one } = comeBack();
    topic.take(kept(5));
    history.onAfter = keeping(...range(3, 5));
    await send();
    expect(history.asked).toEqual(['log after 1-2']);
    expect(one.received).toEqual(numbers(3, 5));
  });

  test('gets what comes while it reads after that', async () => {
    const { history, send, one, live } = comeBack();
    history.onAfter = keeping(...range(3, 7));
    one.hasRoom = false;
    const drains: string[] = [];
    one.onDrained = async () => {
      drains.push(one.received.at(-1)!);
      if (drains.length === 1) live(...range(6, 7));
    };
    await send();
    expect(drains).toEqual(numbers(3, 7));
    expect(one.received).toEqual(numbers(3, 7));
  });

  test('is sent nothing more until it has read', async () => {
    const { history, send, one } = comeBack();
    history.onAfter = keeping(...range(3, 5));
    one.hasRoom = false;
    const read = later<void>();
    one.onDrained = () => read.promise;
    const sent = send();
    await turns();
    expect(one.received).toEqual(['3']);
    one.hasRoom = true;
    read.resolve();
    await sent;
    expect(one.received).toEqual(numbers(3, 5));
  });

  test('is read in pieces', async () => {
    const { history, send, one } = comeBack();
    history.onAfter = async (...asked) => (await keeping(...range(3, 40))(...asked)).slice(0, 10);
    await send();
    expect(history.asked).toEqual(['1-2', '1-12', '1-22', '1-32', '1-40'].map((since) => `log after ${since}`));
    expect(one.received).toEqual(numbers(3, 40));
  });

  test('is read again where more came meanwhile than may wait', async () => {
    const { history, send, one, live } = comeBack();
    const large = range(6, 12).map((message) => ({ ...message, message: text('x'.repeat(100_000)) }));
    history.onAfter = async () => {
      live(...large);
      history.onAfter = keeping(...large);
      return range(3, 5);
    };
    await send();
    live(kept(13));
    expect(history.asked).toEqual(['log after 1-2', 'log after 1-5']);
    expect(one.received.map((message) => message.length)).toEqual([1, 1, 1, ...large.map(() => 100_000), 2]);
  });

  test('is held for nobody who does not read', async () => {
    const { topic, history, send, one, live, subscription } = comeBack();
    history.onAfter = keeping(...range(3, 9));
    one.hasRoom = false;
    const read = later<void>();
    one.onDrained = () => read.promise;
    const sent = send();
    await turns();
    live(...range(4, 9));
    expect([...subscription.waiting!]).toEqual([]);
    expect(subscription.floor).toBe('1-3');
    topic.subscriptions.delete(one.subscriber);
    read.resolve();
    await sent;
    expect(one.received).toEqual(['3']);
  });

  test('waits for no turn of one who has left', async () => {
    const { topic, history, send, one } = comeBack();
    let isWanted: (() => boolean) | undefined;
    history.after = (_channel, _since, _keep, wanted) => {
      isWanted = wanted;
      return Promise.resolve(range(3, 5));
    };
    const sent = send();
    expect(isWanted!()).toBe(true);
    topic.subscriptions.delete(one.subscriber);
    expect(isWanted!()).toBe(false);
    await sent;
    expect(one.received).toEqual([]);
  });

  test('loses nothing of what does not fit', async () => {
    const { history, send, one, live } = comeBack();
    history.onAfter = keeping(...range(3, 8));
    one.fitting = 0;
    const waits: string[][] = [];
    one.onDrained = async () => {
      waits.push([...one.received]);
      one.fitting = 4;
    };
    const sent = send();
    live(...range(7, 8));
    await sent;
    expect(waits).toEqual([[], numbers(3, 6)]);
    expect(one.received).toEqual(numbers(3, 8));
  });

  test('loses nothing of what came meanwhile and does not fit', async () => {
    const { topic, history, send, one, live } = comeBack();
    history.onAfter = async () => {
      live(...range(4, 6));
      history.onAfter = keeping(...range(3, 6));
      return range(3, 3);
    };
    topic.take(kept(3));
    one.received.length = 0;
    one.fitting = 2;
    const waits: string[][] = [];
    one.onDrained = async () => {
      waits.push([...one.received]);
      one.fitting = 9;
    };
    await send();
    expect(waits).toEqual([numbers(3, 4)]);
    expect(one.received).toEqual(numbers(3, 6));
  });

  test('is told when something is gone, and gets nothing', async () => {
    const { history, send, one } = comeBack();
    history.onAfter = () => Promise.resolve(undefined);
    await expect(send()).rejects.toMatchObject({ code: 'history_lost' });
    expect(one.received).toEqual([]);
  });

  test('is told when the history does not have what was delivered', async () => {
    const { topic, history, send, one } = comeBack();
    topic.take(kept(6));
    history.onAfter = keeping(...range(3, 5));
    await expect(send()).rejects.toMatchObject({ code: 'history_lost' });
    expect(one.received).toEqual(numbers(3, 5));
  });

  test('is told when something is gone at last, and gets nothing out of order', async () => {
    const { history, send, one } = comeBack();
    history.onAfter = (_channel, since) => Promise.resolve(since === '1-2' ? range(3, 5) : undefined);
    await expect(send()).rejects.toMatchObject({ code: 'history_lost' });
    expect(one.received).toEqual(numbers(3, 5));
  });

  test('is told of any other error as it is', async () => {
    const { history, send } = comeBack();
    const error = away();
    history.onAfter = () => Promise.reject(error);
    await expect(send()).rejects.toBe(error);
  });

  test('does not get its own messages, and waits for nobody to read them', async () => {
    const { history, send, one, live } = comeBack();
    history.onAfter = async () => {
      history.onAfter = async () => {
        live(kept(6), kept(7, one.id));
        return [];
      };
      return [kept(3, one.id), kept(4, one.id), kept(5, one.id)];
    };
    one.hasRoom = false;
    one.onDrained = () => Promise.reject(new Error('nobody waits'));
    await send();
    expect(one.received).toEqual(['6']);
  });

  test('gets nothing more when it has left before the history was read', async () => {
    const { topic, history, send, one, live } = comeBack();
    const answer = later<HistoryEntry[]>();
    history.onAfter = () => answer.promise;
    const sent = send();
    live(kept(6));
    topic.subscriptions.delete(one.subscriber);
    answer.resolve(range(3, 5));
    await sent;
    expect(one.received).toEqual([]);
  });

  test('gets nothing more when it has left while it read', async () => {
    const { topic, history, send, one, live } = comeBack();
    history.onAfter = keeping(...range(3, 5));
    one.hasRoom = false;
    one.onDrained = async () => {
      live(kept(6));
      topic.subscriptions.delete(one.subscriber);
    };
    await send();
    expect(one.received).toEqual(['3']);
  });

  test('gets nothing more when it has left while it read the last', async () => {
    const { topic, history, send, one, live } = comeBack();
    history.onAfter = keeping(kept(3));
    one.hasRoom = false;
    one.onDrained = async () => {
      live(kept(4));
      topic.subscriptions.delete(one.subscriber);
    };
    await send();
    expect(one.received).toEqual(['3']);
  });

  test('gets all once where it asks again meanwhile', async () => {
    const { topic, history, send, one } = comeBack();
    const answer = later<HistoryEntry[]>();
    history.onAfter = () => answer.promise;
    const first = send();
    const subscription: Subscription = { data: undefined, waiting: new Backlog() };
    topic.subscriptions.set(one.subscriber, subscription);
    const second = sendMissed(topic, one.subscriber, subscription, '1-3', history);
    topic.take(kept(6));
    answer.resolve(range(4, 5));
    history.onAfter = keeping(...range(4, 6));
    await Promise.all([first, second]);
    expect(one.received).toEqual(numbers(4, 6));
  });
});

describe('after an outage', () => {
  /** Topics in which somebody sits, and what each delivered. */
  function outage(...names: string[]) {
    const history = new FakeHistory();
    const topics = new Map<string, { topic: Topic; one: FakeSubscriber }>();
    for (const name of names) {
      const [topic, one] = [new Topic(name, keep), new FakeSubscriber()];
      topic.subscriptions.set(one.subscriber, { data: undefined });
      topic.base = '1-0';
      topic.take(kept(1));
      one.received.length = 0;
      topic.pause();
      topics.set(name, { topic, one });
    }
    const of = (name: string) => topics.get(name)!;
    const recover = () =>
      caughtUp(
        [...topics.values()].map(({ topic }) => topic),
        history,
        (channel, message) => void of(channel).topic.take(message),
      );
    return { history, of, recover };
  }

  test('a topic delivers what it missed, and then what came since, each message once', async () => {
    const { history, of, recover } = outage('log');
    const { topic, one } = of('log');
    history.onAfter = async (...asked) => {
      topic.take(kept(4));
      return (await keeping(...range(2, 4))(...asked)).slice(0, 2);
    };
    topic.take(kept(3));
    const recovered = recover();
    topic.take(kept(5));
    expect(await recovered).toEqual([]);
    expect(history.asked).toEqual(['1-1', '1-3', '1-4'].map((since) => `log after ${since}`));
    expect(one.received).toEqual(numbers(2, 5));
    expect(topic.isPaused).toBe(false);
  });

  test('many topics catch up, 64 at once', async () => {
    const names = Array.from({ length: 500 }, (_, index) => `log:${index}`);
    const { history, of, recover } = outage(...names);
    let asking = 0;
    let most = 0;
    history.onAfter = async (...asked) => {
      most = Math.max(most, ++asking);
      await turns();
      asking--;
      return keeping(kept(2))(...asked);
    };
    expect(await recover()).toEqual([]);
    expect(most).toBe(64);
    for (const name of names) expect(of(name).one.received).toEqual(['2']);
    expect(new Set(history.asked).size).toBe(1000);
    expect(history.asked).toHaveLength(1000);
  });

  test('more than may wait came meanwhile: it is read', async () => {
    const { history, of, recover } = outage('log');
    const { topic, one } = of('log');
    const large = range(3, 9).map((message) => ({ ...message, message: text('x'.repeat(100_000)) }));
    history.onAfter = (channel, since) => {
      if (since === '1-2') for (const message of large) topic.take(message);
      return keeping(kept(2), ...(since === '1-1' ? [] : large))(channel, since);
    };
    expect(await recover()).toEqual([]);
    topic.take(kept(10));
    expect(one.received.map((message) => message.length)).toEqual([1, ...large.map(() => 100_000), 2]);
  });

  describe('one who does not read as fast', () => {
    /** Two subscribers of a topic, of which one has no room after each message. */
    function slow() {
      const { history, of, recover } = outage('log');
      const { topic, one: fast } = of('log');
      const one = new FakeSubscriber();
      topic.subscriptions.set(one.subscriber, { data: undefined });
      one.hasRoom = false;
      const reads: (() => void)[] = [];
      one.onDrained = () => new Promise((resolve) => reads.push(resolve));
      history.onAfter = async (...asked) => (await keeping(...range(2, 9))(...asked)).slice(0, 2);
      const read = async (): Promise<void> => {
        reads.shift()!();
        await turns();
      };
      return { history, topic, fast, one, recover, read };
    }

    test('gets the rest by itself, and holds up nobody', async () => {
      const { fast, one, recover, read } = slow();
      expect(await recover()).toEqual([]);
      expect(fast.received).toEqual(numbers(2, 9));
      expect(one.received).toEqual(numbers(2, 3));
      one.hasRoom = true;
      await read();
      expect(one.received).toEqual(numbers(2, 9));
    });

    test('loses nothing of what does not fit', async () => {
      const { topic, fast, one, recover, read } = slow();
      one.hasRoom = true;
      one.fitting = 1;
      topic.take(kept(8));
      topic.take(kept(9));
      expect(await recover()).toEqual([]);
      expect(fast.received).toEqual(numbers(2, 9));
      expect(one.received).toEqual(numbers(2, 2));
      one.fitting = 3;
      await read();
      one.fitting = 9;
      await read();
      expect(one.received).toEqual(numbers(2, 9));
    });

    test('loses nothing of what came meanwhile and does not fit', async () => {
      const { history, topic, fast, one, recover, read } = slow();
      one.hasRoom = true;
      one.fitting = 3;
      history.onAfter = keeping(...range(2, 3));
      for (const message of range(4, 6)) topic.take(message);
      expect(await recover()).toEqual([]);
      expect([one.received, fast.received]).toEqual([numbers(2, 4), numbers(2, 6)]);
      history.onAfter = keeping(...range(2, 6));
      one.fitting = 9;
      await read();
      topic.take(kept(7));
      expect(one.received).toEqual(numbers(2, 7));
    });

    test('gets what comes then too', async () => {
      const { history, topic, one, recover, read } = slow();
      await recover();
      topic.take(kept(10));
      one.hasRoom = true;
      history.onAfter = keeping(...range(2, 10));
      await read();
      topic.take(kept(11));
      expect(one.received).toEqual(numbers(2, 11));
    });

    test('is closed where that cannot be had: it knows where it was', async () => {
      const { history, fast, one, recover, read } = slow();
      await recover();
      history.onAfter = () => Promise.reject(away());
      await read();
      expect(one.closed).toEqual([1013]);
      expect(fast.closed).toEqual([]);
    });

    test('may leave meanwhile', async () => {
      const { history, topic, one, recover, read } = slow();
      await recover();
      topic.subscriptions.delete(one.subscriber);
      history.onAfter = () => Promise.reject(away());
      await read();
      expect([one.received, one.closed]).toEqual([numbers(2, 3), []]);
    });
  });

  test('one whose subscribers have all left meanwhile is read no further', async () => {
    const { history, of, recover } = outage('log');
    const { topic, one } = of('log');
    const wants: boolean[] = [];
    history.after = (_channel, _since, _keep, isWanted = () => true) => {
      wants.push(isWanted());
      topic.subscriptions.delete(one.subscriber);
      return Promise.resolve(isWanted() ? [kept(2)] : []);
    };
    expect(await recover()).toEqual([]);
    expect(wants).toEqual([true]);
  });

  test('those of which something is gone are named, and go on all the same', async () => {
    const { history, of, recover } = outage('a', 'b', 'c');
    history.onAfter = async (channel, since) => {
      if (channel === 'a') return undefined;
      if (channel === 'b') throw new Error('no permission');
      return keeping(kept(2))(channel, since);
    };
    for (const name of ['a', 'b', 'c']) of(name).topic.take(kept(9));
    expect((await recover()).sort()).toEqual(['a', 'b']);
    expect(['a', 'b', 'c'].map((name) => of(name).one.received)).toEqual([['9'], ['9'], ['2', '9']]);
  });

  test('topics stay paused when the backplane is away again, and catch up the next time', async () => {
    const { history, of, recover } = outage('a', 'b');
    const error = away();
    history.onAfter = () => Promise.reject(error);
    of('a').topic.take(kept(3));
    await expect(recover()).rejects.toBe(error);
    for (const name of ['a', 'b']) expect(of(name).topic.isPaused).toBe(true);
    history.onAfter = keeping(kept(2));
    expect(await recover()).toEqual([]);
    expect([of('a').one.received, of('b').one.received]).toEqual([['2', '3'], ['2']]);
  });

  test('what caught up already is not asked for again', async () => {
    const { history, of, recover } = outage('a', 'b');
    history.onAfter = (channel, since) => (channel === 'a' ? Promise.reject(away()) : keeping(kept(2))(channel, since));
    await expect(recover()).rejects.toThrow();
    await turns();
    history.asked.length = 0;
    history.onAfter = keeping(kept(2));
    await recover();
    expect(history.asked).toEqual(['a after 1-1', 'a after 1-2']);
    expect([of('a').one.received, of('b').one.received]).toEqual([['2'], ['2']]);
  });

  test('a topic that came while the backplane was away begins with the latest, and may have missed something', async () => {
    const history = new FakeHistory();
    history.onLast = () => Promise.resolve('1-7');
    const [fresh, plain, known] = [new Topic('fresh', keep), new Topic('plain', undefined), new Topic('known', keep)];
    known.base = '1-2';
    expect(await caughtUp([fresh, plain, known], history, () => undefined)).toEqual(['fresh']);
    expect(history.asked).toEqual(['last of fresh']);
    expect([fresh.position, plain.position, known.position]).toEqual(['1-7', undefined, '1-2']);
  });

  describe('a topic that came while the backplane was away delivers what comes as soon as it is back', () => {
    /** One sits in it. What comes does so before it is told which message is the latest. */
    function fresh(...those: HistoryEntry[]) {
      const history = new FakeHistory();
      const [topic, one] = [new Topic('fresh', keep), new FakeSubscriber()];
      topic.subscriptions.set(one.subscriber, { data: undefined });
      topic.pause();
      const come = (message: HistoryEntry): void => void topic.take(message);
      history.onLast = () => {
        those.forEach(come);
        return Promise.resolve(those.at(-1)?.offset ?? '1-7');
      };
      history.onAfter = keeping(...those);
      const recover = () => caughtUp([topic], history, (_, message) => come(message));
      return { history, topic, one, come, recover };
    }

    test('where it is the latest', async () => {
      const { one, recover } = fresh(kept(7));
      expect(await recover()).toEqual(['fresh']);
      expect(one.received).toEqual(['7']);
    });

    test('where more follow, each once', async () => {
      const { one, come, recover } = fresh(...range(5, 7));
      expect(await recover()).toEqual(['fresh']);
      come(kept(8));
      expect(one.received).toEqual(numbers(5, 8));
    });

    test('where it is more than may wait', async () => {
      const large = range(3, 7).map((message) => ({ ...message, message: text('x'.repeat(100_000)) }));
      const { one, recover } = fresh(...large);
      expect(await recover()).toEqual(['fresh']);
      expect(one.received).toHaveLength(5);
    });

    test('where it is told of the latest before it comes', async () => {
      const { topic, one, come, recover } = fresh();
      expect(await recover()).toEqual(['fresh']);
      expect([topic.position, topic.isPaused]).toEqual(['1-7', false]);
      [kept(6), kept(7)].forEach(come);
      expect(one.received).toEqual(['6', '7']);
    });

    test('where it comes before the backplane says that it is back', async () => {
      const { one, come, recover } = fresh(...range(5, 7));
      come(kept(4));
      expect(await recover()).toEqual(['fresh']);
      expect(one.received).toEqual(numbers(4, 7));
    });

    test('where the backplane goes away again in the middle', async () => {
      const { history, one, come, recover } = fresh(...range(5, 7));
      const { onLast } = history;
      const error = away();
      history.onLast = () => Promise.reject(error);
      await expect(recover()).rejects.toBe(error);
      history.onLast = onLast;
      come(kept(4));
      expect(await recover()).toEqual(['fresh']);
      expect(one.received).toEqual(numbers(4, 7));
    });
  });

  test('without topics there is nothing to do', async () => {
    const history = new FakeHistory();
    expect(await caughtUp([], history, () => undefined)).toEqual([]);
    expect(history.asked).toEqual([]);
  });
});
