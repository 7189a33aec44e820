import type { Question } from '../../src/channels/node-message';
import { Nodes } from '../../src/channels/nodes';
import { ManualClock } from '../support/manual-clock';
import { turns } from '../support/subscribers';

type What = Record<string, unknown>;

const count = (channel: string): Question => ({ about: 'count', channel });

function start() {
  const clock = new ManualClock();
  const said: What[] = [];
  const events: string[] = [];
  const nodes = new Nodes(
    {
      tellAll: (what) => void said.push({ to: 'all', ...what }),
      tell: (to, what) => void said.push({ to, ...what }),
      answer: ({ channel }) => channel.length,
      appeared: (node) => events.push(`${node} appeared at ${clock.now()}`),
      vanished: (node) => events.push(`${node} vanished at ${clock.now()}`),
    },
    clock,
  );
  /** Time passes in which these nodes beat. */
  const pass = (ms: number, ...those: string[]): void => {
    for (let left = ms; left > 0; left -= 500) {
      for (const node of those) nodes.takeMessage(node, { is: 'beat' });
      clock.advance(Math.min(left, 500));
    }
  };
  const took = (): What[] => said.splice(0);
  return { clock, nodes, events, pass, took };
}

/** What became of a promise so far. */
async function outcome<T>(promise: Promise<T>): Promise<T | 'pending'> {
  const pending = turns().then(() => 'pending' as const);
  return Promise.race([promise, pending]);
}

test('says hello, and beats each second', () => {
  const { nodes, clock, took } = start();
  nodes.onUp();
  expect(took()).toEqual([{ to: 'all', is: 'hello' }]);
  clock.advance(999);
  expect(took()).toEqual([]);
  clock.advance(2001);
  expect(took()).toEqual([1000, 2000, 3000].map((at) => ({ to: 'all', is: 'beat', at })));
});

test('is silent while the backplane is away, and says hello again', () => {
  const { nodes, clock, took } = start();
  nodes.onUp();
  nodes.onDown();
  took();
  clock.advance(10_000);
  expect(took()).toEqual([]);
  expect(clock.pending).toBe(0);
  nodes.onUp();
  clock.advance(1000);
  expect(took()).toMatchObject([{ is: 'hello' }, { is: 'beat', at: 11_000 }]);
  expect(clock.pending).toBe(1);
});

test('hello is answered to who said it', () => {
  const { nodes, took, events } = start();
  nodes.onUp();
  took();
  nodes.takeMessage('b', { is: 'hello' });
  expect(took()).toEqual([{ to: 'b', is: 'beat' }]);
  expect(events).toEqual(['b appeared at 0']);
});

test('a node is there whatever it says, and appears once', () => {
  const { nodes, events } = start();
  nodes.onUp();
  nodes.takeMessage('b', { is: 'watch', channel: 'x' });
  nodes.takeMessage('b', { is: 'beat' });
  nodes.takeMessage('c', { is: 'close' });
  expect(events).toEqual(['b appeared at 0', 'c appeared at 0']);
});

describe('a node', () => {
  test('that is silent for three and a half seconds vanishes at the next beat', () => {
    const { nodes, events, pass, clock } = start();
    nodes.onUp();
    pass(2000, 'b', 'c');
    expect(events).toHaveLength(2);
    pass(20_000, 'c');
    // heard of at 1500
    expect(events.slice(2)).toEqual(['b vanished at 6000']);
    clock.advance(5000);
    expect(events.slice(3)).toEqual(['c vanished at 26000']);
  });

  test('that beats each second never does', () => {
    const { nodes, events, clock } = start();
    nodes.onUp();
    for (let second = 0; second < 100; second++) {
      nodes.takeMessage('b', { is: 'beat' });
      clock.advance(1000);
    }
    expect(events).toEqual(['b appeared at 0']);
  });

  test('that says goodbye vanishes at once, and only once', () => {
    const { nodes, events, clock } = start();
    nodes.onUp();
    nodes.takeMessage('b', { is: 'beat' });
    clock.advance(100);
    nodes.takeMessage('b', { is: 'bye' });
    nodes.takeMessage('b', { is: 'bye' });
    clock.advance(10_000);
    expect(events).toEqual(['b appeared at 0', 'b vanished at 100']);
  });

  test('that was gone appears again', () => {
    const { nodes, events } = start();
    nodes.onUp();
    nodes.takeMessage('b', { is: 'beat' });
    nodes.takeMessage('b', { is: 'bye' });
    nodes.takeMessage('b', { is: 'beat' });
    expect(events).toEqual(['b appeared at 0', 'b vanished at 0', 'b appeared at 0']);
  });

  test('stays while the backplane is away, and has time to come back after it', () => {
    const { nodes, events, clock, pass } = start();
    nodes.onUp();
    pass(1000, 'b', 'c');
    nodes.onDown();
    clock.advance(60_000);
    expect(events).toHaveLength(2);
    nodes.onUp();
    clock.advance(3000);
    expect(events).toHaveLength(2);
    pass(10_000, 'b');
    expect(events.slice(2)).toEqual(['c vanished at 65000']);
  });

  test.each([2500, 10_000, 3_600_000])('does not vanish since this process was busy for %d ms', (ms) => {
    const { nodes, events, clock, pass } = start();
    nodes.onUp();
    pass(1000, 'b');
    clock.sleep(ms);
    // the timer calls back late: what has arrived meanwhile was not read
    clock.advance(0);
    pass(10_000, 'b');
    expect(events).toEqual(['b appeared at 0']);
    clock.advance(5000);
    expect(events).toHaveLength(2);
  });

  test('that died while this process was busy vanishes all the same', () => {
    const { nodes, events, clock, pass } = start();
    nodes.onUp();
    pass(1000, 'b');
    clock.sleep(10_000);
    clock.advance(5000);
    expect(events.slice(1)).toEqual(['b vanished at 15000']);
  });
});

describe('a question', () => {
  test('has no answers where there is nobody, or the backplane is away', async () => {
    const { nodes, took, clock } = start();
    nodes.onUp();
    expect(await nodes.ask(count('x'))).toEqual([]);
    nodes.takeMessage('b', { is: 'beat' });
    nodes.onDown();
    took();
    expect(await nodes.ask(count('x'))).toEqual([]);
    expect(took()).toEqual([]);
    expect(clock.pending).toBe(0);
  });

  test('waits for all who are known, and for nobody else', async () => {
    const { nodes, took, clock } = start();
    nodes.onUp();
    for (const node of ['b', 'c']) nodes.takeMessage(node, { is: 'beat' });
    took();
    const answers = nodes.ask(count('x'));
    expect(took()).toEqual([{ to: 'all', about: 'count', channel: 'x', is: 'question', id: 1 }]);
    nodes.takeMessage('b', { is: 'answer', id: 1, answer: 5 });
    nodes.takeMessage('b', { is: 'answer', id: 1, answer: 6 });
    nodes.takeMessage('d', { is: 'answer', id: 1, answer: 7 });
    expect(await outcome(answers)).toBe('pending');
    nodes.takeMessage('c', { is: 'answer', id: 1, answer: null });
    expect(await answers).toEqual([5, null]);
    expect(clock.pending).toBe(1);
  });

  test('waits for a second at most', async () => {
    const { nodes, clock } = start();
    nodes.onUp();
    for (const node of ['b', 'c']) nodes.takeMessage(node, { is: 'beat' });
    const answers = nodes.ask(count('x'));
    nodes.takeMessage('b', { is: 'answer', id: 1, answer: 5 });
    clock.advance(999);
    expect(await outcome(answers)).toBe('pending');
    clock.advance(1);
    expect(await answers).toEqual([5]);
    nodes.takeMessage('c', { is: 'answer', id: 1, answer: 6 });
    expect(await answers).toEqual([5]);
  });

  test('does not wait for one who goes meanwhile', async () => {
    const { nodes, pass } = start();
    nodes.onUp();
    for (const node of ['b', 'c']) nodes.takeMessage(node, { is: 'beat' });
    pass(3500, 'b');
    const answers = nodes.ask(count('x'));
    nodes.takeMessage('b', { is: 'answer', id: 1, answer: 5 });
    expect(await outcome(answers)).toBe('pending');
    pass(500, 'b');
    expect(await answers).toEqual([5]);
    const others = nodes.ask(count('y'));
    nodes.takeMessage('b', { is: 'bye' });
    expect(await others).toEqual([]);
  });

  test('has its own answers, whichever come first', async () => {
    const { nodes } = start();
    nodes.onUp();
    nodes.takeMessage('b', { is: 'beat' });
    const [first, second] = [nodes.ask(count('x')), nodes.ask(count('y'))];
    for (const id of [3, 2]) nodes.takeMessage('b', { is: 'answer', id, answer: id });
    nodes.takeMessage('b', { is: 'answer', id: 1, answer: 1 });
    expect([await first, await second]).toEqual([[1], [2]]);
  });

  test('of another node is answered to it', () => {
    const { nodes, took } = start();
    nodes.onUp();
    took();
    nodes.takeMessage('b', { is: 'question', id: 7, ...count('room') });
    expect(took()).toEqual([{ to: 'b', is: 'answer', id: 7, answer: 4 }]);
  });
});

describe('at the end', () => {
  test('it says goodbye, answers who waits with what came, and leaves no timer', async () => {
    const { nodes, took, clock } = start();
    nodes.onUp();
    for (const node of ['b', 'c']) nodes.takeMessage(node, { is: 'beat' });
    const answers = nodes.ask(count('x'));
    nodes.takeMessage('b', { is: 'answer', id: 1, answer: 5 });
    took();
    nodes.stop();
    expect(took()).toEqual([{ to: 'all', is: 'bye' }]);
    expect(await answers).toEqual([5]);
    expect(clock.pending).toBe(0);
  });

  test('there is nobody to say goodbye to while the backplane is away', () => {
    const { nodes, took } = start();
    nodes.onUp();
    nodes.onDown();
    took();
    nodes.stop();
    expect(took()).toEqual([]);
  });
});
