import { Room } from '../../samples/cluster/room';
import type { Channels, Member, PresenceHandlers } from '../../src';

/** A room in which Ann is, and what its people are told. */
async function open() {
  const members = [memberOf('Ann')];
  const told: unknown[] = [];
  let handlers!: PresenceHandlers;
  const channels = {
    watch: (_channel: string, given: PresenceHandlers) => {
      handlers = given;
      return Promise.resolve({ members, stop: () => undefined });
    },
    publish: (_channel: string, text: string) => told.push(JSON.parse(text)),
  };
  const room = new Room('lobby', channels as unknown as Channels, () => undefined);
  await room.enter();
  const join = (member: Member): void => {
    members.push(member);
    void handlers.join?.(member);
  };
  const leave = (): void => void handlers.leave?.(members.pop()!);
  return { room, told, join, leave };
}

const memberOf = (nickname: string): Member => ({ connectionId: nickname, data: { nickname, worker: 1 } });

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

test('who comes while somebody is there for a moment is told who is there then', async () => {
  const { room, told, join, leave } = await open();
  join(memberOf('Bob'));
  expect(room.people().map(({ nickname }) => nickname)).toEqual(['Ann', 'Bob']);
  leave();
  jest.advanceTimersByTime(100);
  expect(told).toMatchObject([
    { event: 'chat.people', data: { members: [{ nickname: 'Ann' }], joined: [], left: [] } },
  ]);
});

test('what changes within 100 ms is told at once, and nothing where nothing changes', async () => {
  const { told, join } = await open();
  for (const nickname of ['Bob', 'Cid']) join(memberOf(nickname));
  jest.advanceTimersByTime(1000);
  expect(told).toMatchObject([{ data: { joined: ['Bob', 'Cid'], left: [] } }]);
});
