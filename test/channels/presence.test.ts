import type { Cluster } from '../../src/channels/cluster';
import type { Member } from '../../src/channels/member';
import { Presence, type PresenceHandlers } from '../../src/channels/presence';

const member = (connectionId: string, data: unknown = null): Member => ({ connectionId, data });

/** `here`: who is on this process when it is asked. */
function start(here: Member[] = [], alone = false) {
  const said: unknown[] = [];
  const failed: unknown[] = [];
  const cluster = {
    tellAll: (what: object) => void said.push({ to: 'all', ...what }),
    tell: (to: string, what: object) => void said.push({ to, ...what }),
    ask: () => Promise.resolve([]),
  };
  const presence = new Presence(
    alone ? undefined : (cluster as unknown as Cluster),
    () => [...here],
    (error) => failed.push(error),
  );
  const took = (): unknown[] => said.splice(0);
  return { presence, cluster, took, failed, here };
}

/** Handlers that keep what they are told. */
function listener() {
  const events: string[] = [];
  const keep = (sign: string) => (one: Member) => void events.push(`${sign}${one.connectionId} ${String(one.data)}`);
  return { events, join: keep('+'), leave: keep('-') };
}

test('a watch knows who is there, and tells who comes and goes', async () => {
  const { presence } = start([member('a', 1)]);
  const told = listener();
  const watch = await presence.watch('room', told);
  expect(watch.members).toEqual([member('a', 1)]);
  presence.joined('room', member('b', 2));
  presence.joined('hall', member('c', 3));
  presence.left('room', 'a');
  presence.left('room', 'a');
  presence.left('room', 'nobody');
  expect(told.events).toEqual(['+b 2', '-a 1']);
  expect(watch.members).toEqual([member('b', 2)]);
});

test('a watch that begins while the last other one stops goes on', async () => {
  const { presence } = start();
  const first = await presence.watch('room', {});
  const told = listener();
  const second = presence.watch('room', told);
  first.stop();
  (await second).stop();
  const third = await presence.watch('room', told);
  presence.joined('room', member('a', 1));
  expect(told.events).toEqual(['+a 1']);
  expect(third.members).toEqual([member('a', 1)]);
});

test('the same handlers may watch twice', async () => {
  const { presence } = start();
  const told = listener();
  const [first] = [await presence.watch('room', told), await presence.watch('room', told)];
  presence.joined('room', member('a', 1));
  first.stop();
  first.stop();
  presence.joined('room', member('b', 2));
  expect(told.events).toEqual(['+a 1', '+a 1', '+b 2']);
});

test('a handler that rejects is reported', async () => {
  const { presence, failed } = start();
  await presence.watch('room', { join: () => Promise.reject(new Error('oops')) });
  presence.joined('room', member('a'));
  await Promise.resolve();
  expect(failed.map(String)).toEqual(['Error: oops']);
});

test('without a backplane it is the same', async () => {
  const { presence } = start([member('a')], true);
  const told = listener();
  const watch = await presence.watch('room', told);
  presence.joined('room', member('b', 2));
  presence.left('room', 'a');
  expect(told.events).toEqual(['+b 2', '-a null']);
  watch.stop();
  presence.onNode('x');
  presence.onUp();
  expect(presence.interests('room')).toBe(false);
});

test('the same data again is nothing new, other data is', async () => {
  const { presence } = start([member('a', { n: 1 })]);
  const told = listener();
  const watch = await presence.watch('room', { join: ({ data }) => told.events.push(JSON.stringify(data)) });
  for (const data of [{ n: 1 }, { n: 2 }, { n: 2 }, undefined, undefined])
    presence.joined('room', { ...member('a'), data });
  expect(told.events).toEqual(['{"n":2}', undefined]);
  expect(watch.members).toHaveLength(1);
});

describe('of other nodes', () => {
  test('those are told of who were there before, and who come and go', async () => {
    const { presence } = start([member('a')]);
    const told = listener();
    const watch = await presence.watch('room', told);
    presence.takeMessage('x', { is: 'members', channel: 'room', members: [member('b'), member('c')] });
    presence.takeMessage('y', { is: 'members', channel: 'room', members: [] });
    presence.takeMessage('y', { is: 'joined', channel: 'room', member: member('d') });
    presence.takeMessage('x', { is: 'left', channel: 'room', connectionId: 'b' });
    // of another node than it is on
    presence.takeMessage('y', { is: 'left', channel: 'room', connectionId: 'c' });
    expect(told.events).toEqual(['+b null', '+c null', '+d null', '-b null']);
    expect(watch.members.map(({ connectionId }) => connectionId)).toEqual(['a', 'c', 'd']);
  });

  test('all that has changed is told when a node says anew who is there', async () => {
    const { presence } = start();
    const told = listener();
    await presence.watch('room', told);
    presence.takeMessage('x', {
      is: 'members',
      channel: 'room',
      members: [member('a', 1), member('b', 1), member('c', 1)],
    });
    told.events.length = 0;
    presence.takeMessage('x', {
      is: 'members',
      channel: 'room',
      members: [member('b', 1), member('c', 2), member('d', 1)],
    });
    expect(told.events).toEqual(['-a 1', '+c 2', '+d 1']);
  });

  test('all have left of a node that is gone', async () => {
    const { presence } = start();
    const told = listener();
    const watch = await presence.watch('room', told);
    for (const node of ['x', 'y'])
      presence.takeMessage(node, { is: 'joined', channel: 'room', member: member(`on ${node}`) });
    presence.onNodeGone('x');
    presence.onNodeGone('x');
    expect(told.events.slice(2)).toEqual(['-on x null']);
    expect(watch.members).toEqual([member('on y')]);
  });

  test('what is said of a channel that nobody watches is not kept', async () => {
    const { presence } = start();
    presence.takeMessage('x', { is: 'joined', channel: 'room', member: member('a') });
    expect(presence.interests('room')).toBe(false);
    expect((await presence.watch('room', {})).members).toEqual([]);
  });
});

describe('other nodes', () => {
  test('are asked when the first watches, and told when the last stops', async () => {
    const { presence, took } = start();
    const [one, two] = [await presence.watch('room', {}), await presence.watch('room', {})];
    expect(took()).toEqual([{ to: 'all', is: 'watch', channel: 'room' }]);
    one.stop();
    one.stop();
    expect(took()).toEqual([]);
    expect(presence.interests('room')).toBe(true);
    two.stop();
    expect(took()).toEqual([{ to: 'all', is: 'unwatch', channel: 'room' }]);
    expect(presence.interests('room')).toBe(false);
    // one that has stopped stops no other
    await presence.watch('room', {});
    took();
    two.stop();
    expect(took()).toEqual([]);
    expect(presence.interests('room')).toBe(true);
  });

  test('who appear later are told what is watched', async () => {
    const { presence, took } = start();
    await presence.watch('room', {});
    await presence.watch('hall', {});
    took();
    presence.onNode('x');
    expect(took()).toEqual([
      { to: 'x', is: 'watch', channel: 'room' },
      { to: 'x', is: 'watch', channel: 'hall' },
    ]);
  });

  test('who watch are told who is here, who comes and who goes', () => {
    const { presence, took } = start([member('a')]);
    presence.takeMessage('x', { is: 'watch', channel: 'room' });
    expect(took()).toEqual([{ to: 'x', is: 'members', channel: 'room', members: [member('a')] }]);
    expect(presence.interests('room')).toBe(true);
    presence.joined('room', member('b'));
    presence.left('room', 'a');
    presence.joined('hall', member('c'));
    expect(took()).toEqual([
      { to: 'x', is: 'joined', channel: 'room', member: member('b') },
      { to: 'x', is: 'left', channel: 'room', connectionId: 'a' },
    ]);
  });

  test('who do not watch any more, or are gone, are told nothing', () => {
    const { presence, took } = start();
    for (const node of ['x', 'y', 'z']) presence.takeMessage(node, { is: 'watch', channel: 'room' });
    presence.takeMessage('x', { is: 'unwatch', channel: 'room' });
    presence.takeMessage('x', { is: 'unwatch', channel: 'elsewhere' });
    presence.onNodeGone('y');
    took();
    presence.joined('room', member('a'));
    expect(took()).toMatchObject([{ to: 'z' }]);
    presence.onNodeGone('z');
    expect(presence.interests('room')).toBe(false);
  });

  test('hear again of all when the backplane is back', async () => {
    const { presence, took } = start([member('a')]);
    await presence.watch('room', {});
    presence.takeMessage('x', { is: 'watch', channel: 'hall' });
    took();
    presence.onUp();
    expect(took()).toEqual([
      { to: 'all', is: 'watch', channel: 'room' },
      { to: 'x', is: 'members', channel: 'hall', members: [member('a')] },
    ]);
  });
});

test('a watch begins when the others have answered; who came before is among its members', async () => {
  const { presence, cluster } = start();
  let answered!: (answers: never[]) => void;
  cluster.ask = () => new Promise((resolve) => (answered = resolve));
  const told = listener();
  const watching = presence.watch('room', told);
  presence.takeMessage('x', { is: 'members', channel: 'room', members: [member('a')] });
  answered([]);
  expect((await watching).members).toEqual([member('a')]);
  expect(told.events).toEqual([]);
});

test('several watches of a channel are told the same, until each stops', async () => {
  const { presence } = start();
  const [one, two] = [listener(), listener()];
  const watch = await presence.watch('room', one);
  const other = await presence.watch('room', two);
  presence.joined('room', member('a'));
  watch.stop();
  presence.joined('room', member('b'));
  expect([one.events, two.events]).toEqual([['+a null'], ['+a null', '+b null']]);
  expect(other.members).toHaveLength(2);
});

test('a handler that throws is reported, and the others are called', async () => {
  const { presence, failed } = start();
  const error = new Error('no');
  const fail = (): never => {
    throw error;
  };
  const told = listener();
  await presence.watch('room', { join: fail, leave: fail });
  await presence.watch('room', told);
  presence.joined('room', member('a'));
  presence.left('room', 'a');
  expect(failed).toEqual([error, error]);
  expect(told.events).toEqual(['+a null', '-a null']);
});

test('a handler may stop its watch', async () => {
  const { presence } = start();
  const events: string[] = [];
  const handlers: PresenceHandlers = {
    join: ({ connectionId }) => {
      events.push(connectionId);
      watch.stop();
    },
  };
  const watch = await presence.watch('room', handlers);
  presence.takeMessage('x', { is: 'members', channel: 'room', members: [member('a')] });
  presence.joined('room', member('b'));
  expect(events).toEqual(['a']);
});
