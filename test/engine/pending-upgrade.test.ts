import { Refusal, type Connection, type Verdict } from '../../src/engine';
import { Deadlines } from '../../src/engine/deadlines';
import { PendingUpgrade } from '../../src/engine/pending-upgrade';
import type { Session } from '../../src/engine/session';
import { deferred } from '../support/engine';
import { ManualClock } from '../support/manual-clock';

const connection = {} as Connection;
const NOT_YOU = new Refusal(403, 'not you');
const BROKEN = new Error('broken');

function asking(hook: (connection: Connection) => Promise<Verdict> | Verdict, stays = true) {
  const clock = new ManualClock();
  const calls: unknown[] = [];
  const door = {
    accept: jest.fn((acceptance: unknown) => void calls.push(['accept', acceptance])),
    refuse: ({ status }: Refusal) => void calls.push(['refuse', status]),
    failed: (error: unknown) => void calls.push(['failed', error]),
    stays: () => Promise.resolve(stays),
  };
  const session = { connection, discard: () => void calls.push('discard') } as unknown as Session;
  const done = jest.fn();
  const upgrade = new PendingUpgrade(session, door, done);
  const ask = (): boolean => upgrade.ask(hook, new Deadlines(clock), 100);
  return { upgrade, ask, calls, clock, done, door };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const OUTCOMES: [string, () => Verdict, unknown[]][] = [
  ['nothing', () => undefined, [['accept', undefined]]],
  ['what to accept with', () => ({ protocol: 'a' }), [['accept', { protocol: 'a' }]]],
  ['a refusal', () => NOT_YOU, [['refuse', 403], 'discard']],
  [
    'nothing, since it throws',
    () => {
      throw BROKEN;
    },
    [['failed', BROKEN], ['refuse', 500], 'discard'],
  ],
];

test.each(OUTCOMES)('a hook that returns %s decides at once', (_what, hook, expected) => {
  const { ask, calls, clock, done } = asking((asked) => {
    expect(asked).toBe(connection);
    return hook();
  });
  expect(ask()).toBe(true);
  expect(calls).toEqual(expected);
  expect(done).toHaveBeenCalledTimes(1);
  expect(clock.pending).toBe(0);
});

test.each(OUTCOMES)('a hook that promises %s decides when it does', async (_what, hook, expected) => {
  const gate = deferred();
  const { upgrade, ask, calls, clock, done } = asking(() => gate.promise.then(hook));
  expect(ask()).toBe(false);
  expect(calls).toEqual([]);
  expect(done).not.toHaveBeenCalled();
  gate.resolve();
  await turn();
  expect(calls).toEqual(expected);
  expect(done.mock.calls).toEqual([[upgrade]]);
  expect(clock.pending).toBe(0);
});

test.each<[string, (upgrade: PendingUpgrade, clock: ManualClock) => void, unknown[]]>([
  ['the deadline', (_upgrade, clock) => clock.advance(100), [['refuse', 408], 'discard']],
  ['the end of the server', (upgrade) => upgrade.refuse(new Refusal(503, 'bye')), [['refuse', 503], 'discard']],
  ['the client, which has gone,', (upgrade) => upgrade.abandon(), ['discard']],
])('%s decides before the hook, and nothing counts any more', async (_what, decide, expected) => {
  for (const [, late] of OUTCOMES) {
    const gate = deferred();
    const { upgrade, ask, calls, clock, done } = asking(() => gate.promise.then(late));
    ask();
    clock.advance(99);
    expect(calls).toEqual([]);
    decide(upgrade, clock);
    expect(calls).toEqual(expected);
    gate.resolve();
    await turn();
    upgrade.abandon();
    upgrade.refuse(NOT_YOU);
    clock.advance(1000);
    expect(calls).toEqual(expected);
    expect(done).toHaveBeenCalledTimes(1);
    expect(clock.pending).toBe(0);
  }
});

test.each<[string, () => Promise<Verdict> | Verdict]>([
  ['at once', () => ({ protocol: 'none of yours' })],
  ['later', async () => ({ protocol: 'none of yours' })],
])('what cannot be accepted is a failure of the hook, %s', async (_when, hook) => {
  const { ask, calls, door, done, clock } = asking(hook);
  door.accept.mockImplementation(() => {
    throw BROKEN;
  });
  ask();
  await turn();
  expect(calls).toEqual([['failed', BROKEN], ['refuse', 500], 'discard']);
  expect(done).toHaveBeenCalledTimes(1);
  expect(clock.pending).toBe(0);
});

test('what accepting causes cannot refuse it any more', async () => {
  const { upgrade, ask, calls, door } = asking(async () => undefined);
  door.accept.mockImplementation(() => {
    calls.push('accept');
    upgrade.refuse(new Refusal(503, 'bye'));
    upgrade.abandon();
  });
  ask();
  await turn();
  expect(calls).toEqual(['accept']);
});

test.each(OUTCOMES)('%s comes too late where the client has left: it is abandoned then', async (_what, hook) => {
  const { upgrade, ask, calls } = asking(() => turn().then(hook), false);
  expect(ask()).toBe(false);
  await turn();
  await turn();
  expect(calls).toEqual([]);
  upgrade.abandon();
  expect(calls).toEqual(['discard']);
});
