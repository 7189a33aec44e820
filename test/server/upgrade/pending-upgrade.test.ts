import { Refusal, type Connection, type Verdict } from '../../../src/engine';
import { Deadlines } from '../../../src/messages/deadlines';
import { PendingUpgrade } from '../../../src/server/upgrade/pending-upgrade';
import type { ConnectionDriver } from '../../../src/connection/connection-driver';
import { deferred } from '../../support/engine';
import { ManualClock } from '../../support/manual-clock';

const connection = {} as Connection;
const NOT_YOU = new Refusal(403, 'not you');
const BROKEN = new Error('broken');

function asking(hook: (connection: Connection) => Promise<Verdict> | Verdict, stays = true) {
  const clock = new ManualClock();
  const calls: unknown[] = [];
  const responder = {
    accept: jest.fn((acceptance: unknown) => void calls.push(['accept', acceptance])),
    refuse: ({ status }: Refusal) => void calls.push(['refuse', status]),
    failed: (error: unknown) => void calls.push(['failed', error]),
    abandoned: () => void calls.push('abandoned'),
    look: async (): Promise<void> => (stays ? undefined : upgrade.abandon()),
  };
  const driver = { connection, discard: () => void calls.push('discard') } as unknown as ConnectionDriver;
  const done = jest.fn();
  const upgrade: PendingUpgrade = new PendingUpgrade(driver, responder, done);
  const ask = (): void => upgrade.ask(hook, new Deadlines(clock), 100);
  return { upgrade, ask, calls, clock, done, responder, driver };
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
  ask();
  expect(calls).toEqual(expected);
  expect(done).toHaveBeenCalledTimes(1);
  expect(clock.pending).toBe(0);
});

test.each(OUTCOMES)('a hook that promises %s decides when it does', async (_what, hook, expected) => {
  const upgrader = deferred();
  const { upgrade, ask, calls, clock, done } = asking(() => upgrader.promise.then(hook));
  ask();
  expect(calls).toEqual([]);
  expect(done).not.toHaveBeenCalled();
  upgrader.resolve();
  await turn();
  expect(calls).toEqual(expected);
  expect(done.mock.calls).toEqual([[upgrade]]);
  expect(clock.pending).toBe(0);
});

test.each<[string, (upgrade: PendingUpgrade, clock: ManualClock) => void, unknown[]]>([
  ['the deadline', (_upgrade, clock) => clock.advance(100), [['refuse', 408], 'discard']],
  ['the end of the server', (upgrade) => upgrade.refuse(new Refusal(503, 'bye')), [['refuse', 503], 'discard']],
  ['the client, which has gone,', (upgrade) => upgrade.abandon(), ['abandoned', 'discard']],
])('%s decides before the hook, and nothing counts any more', async (_what, decide, expected) => {
  for (const [, late] of OUTCOMES) {
    const upgrader = deferred();
    const { upgrade, ask, calls, clock, done } = asking(() => upgrader.promise.then(late));
    ask();
    clock.advance(99);
    expect(calls).toEqual([]);
    decide(upgrade, clock);
    expect(calls).toEqual(expected);
    upgrader.resolve();
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
  const { ask, calls, responder, done, clock } = asking(hook);
  responder.accept.mockImplementation(() => {
    throw BROKEN;
  });
  ask();
  await turn();
  expect(calls).toEqual([['failed', BROKEN], ['refuse', 500], 'discard']);
  expect(done).toHaveBeenCalledTimes(1);
  expect(clock.pending).toBe(0);
});

test('what accepting causes cannot refuse it any more', async () => {
  const { upgrade, ask, calls, responder } = asking(async () => undefined);
  responder.accept.mockImplementation(() => {
    calls.push('accept');
    upgrade.refuse(new Refusal(503, 'bye'));
    upgrade.abandon();
  });
  ask();
  await turn();
  expect(calls).toEqual(['accept']);
});

test.each(OUTCOMES)('%s comes too late where the client has left: it is abandoned then', async (_what, hook) => {
  const { ask, calls } = asking(() => turn().then(hook), false);
  ask();
  await turn();
  await turn();
  expect(calls).toEqual(['abandoned', 'discard']);
});

test('after a hook that kept everybody waiting, clients are looked for before they are let in', async () => {
  const { ask, calls } = asking(() => {
    const until = performance.now() + 30;
    while (performance.now() < until);
    return undefined;
  }, false);
  ask();
  await turn();
  expect(calls).toEqual(['abandoned', 'discard']);
});

test.each<[string, () => Promise<Verdict> | Verdict]>([
  ['lets in at once', () => undefined],
  ['lets in later', async () => undefined],
  ['refuses otherwise', () => NOT_YOU],
  ['throws', OUTCOMES[3]![1]],
])('a hook that closes the connection and %s has refused', async (_what, hook) => {
  const { ask, calls, clock, done, driver } = asking(() => {
    driver.upgrade!.refuse(new Refusal(401, 'who?'));
    return hook();
  });
  ask();
  expect(calls).toEqual([['refuse', 401], 'discard']);
  await turn();
  expect(calls).toEqual([['refuse', 401], 'discard']);
  expect(driver.upgrade).toBeUndefined();
  expect(done).toHaveBeenCalledTimes(1);
  expect(clock.pending).toBe(0);
});

test('a deadline that cannot be set is a failure of the handshake; the hook is not heard later', async () => {
  const { upgrade, calls, clock, done } = asking(() => undefined);
  clock.after = () => {
    throw BROKEN;
  };
  upgrade.ask(() => Promise.resolve(undefined), new Deadlines(clock), 100);
  await turn();
  expect(calls).toEqual([['failed', BROKEN], ['refuse', 500], 'discard']);
  expect(done).toHaveBeenCalledTimes(1);
});

test('a refusal that cannot be sent discards the connection all the same', () => {
  const { ask, calls, responder } = asking(() => NOT_YOU);
  responder.refuse = () => {
    throw BROKEN;
  };
  expect(ask).toThrow(BROKEN);
  expect(calls).toEqual(['discard']);
});
