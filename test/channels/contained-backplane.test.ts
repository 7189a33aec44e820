import { ContainedBackplane } from '../../src/channels/contained-backplane';
import type { BackplaneEvents } from '../../src/channels/backplane';
import { MemoryBus } from '../support/memory-bus';

const bytes = Buffer.from('packet');
const failure = new Error('no');
const settled = (): Promise<void> => new Promise(setImmediate);

/** A started backplane of which some methods are replaced, and what is told to be lost. */
async function contained(part: Record<string, unknown>) {
  const lost: unknown[] = [];
  const events = {
    onUp: () => {},
    onLost: (packets: number, reason?: Error) => void lost.push([packets, reason]),
  } as Partial<BackplaneEvents> as BackplaneEvents;
  const backplane = new ContainedBackplane(Object.assign(new MemoryBus().connect(), part));
  await backplane.start(events);
  return { backplane, lost };
}

test.each([true, false])('what `publish` says is passed on: %p', async (taken) => {
  const { backplane, lost } = await contained({ publish: () => taken });
  expect(backplane.publish('room', bytes)).toBe(taken);
  expect(lost).toEqual([]);
});

test('a packet at which `publish` throws is lost, and does not wait', async () => {
  const { backplane, lost } = await contained({
    publish() {
      throw failure;
    },
  });
  expect(backplane.publish('room', bytes)).toBe(true);
  expect(lost).toEqual([[1, failure]]);
});

test('and one whose promise rejects, though `publish` should return none', async () => {
  const { backplane, lost } = await contained({ publish: () => Promise.reject(failure) });
  expect(backplane.publish('room', bytes)).toBe(true);
  await settled();
  expect(lost).toEqual([[1, failure]]);
});

test('what is thrown is no Error: it becomes one', async () => {
  const { backplane, lost } = await contained({ publish: () => Promise.reject('text') });
  backplane.publish('room', bytes);
  await settled();
  expect(lost).toEqual([[1, new Error('text')]]);
});

test.each(['stop', 'subscribe', 'unsubscribe'] as const)('what `%s` throws at once is a rejection', async (method) => {
  const { backplane } = await contained({
    [method]() {
      throw failure;
    },
  });
  await expect(backplane[method]('room')).rejects.toBe(failure);
});

test('the limits of the broker are those that it has now', async () => {
  const own = new MemoryBus().connect();
  const backplane = new ContainedBackplane(own);
  own.maxPacketBytes = 7;
  own.history.maxPacketBytes = 8;
  expect([backplane.maxPacketBytes, backplane.history!.maxPacketBytes]).toEqual([7, 8]);
});
