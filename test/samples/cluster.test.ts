import { Broker, disposeBrokers } from '../support/broker';
import { ClusterClient } from './cluster-client';
import { compileSamples, type CompiledSamples } from './compiled';
import { RunningProcesses, type Served } from './running-processes';

let compiled: CompiledSamples;
let redis: Broker;
let running: RunningProcesses | undefined;
/** The processes of all tests that change nothing in them. */
let common: Awaited<ReturnType<typeof serve>> | undefined;
let rooms = 0;

beforeAll(() => {
  compiled = compileSamples();
});

afterEach(async () => {
  if (running === undefined) return;
  await running.kill();
  running = undefined;
  await redis.dispose();
});

afterAll(async () => {
  await common?.program.kill();
  await disposeBrokers();
  compiled.remove();
});

async function run(settings: Record<string, string> = {}): Promise<RunningProcesses> {
  redis = await Broker.start('redis');
  running = new RunningProcesses(compiled, { WORKERS: '3', REDIS_URL: redis.url, ...settings }, 'cluster/main.js');
  return running;
}

async function serve(program: RunningProcesses) {
  const served = await Promise.all([1, 2, 3].map((worker) => program.served(worker)));
  return { program, served: served as [Served, Served, Served] };
}

/** Starts the processes that tests without changes share. */
async function inCommon() {
  if (common === undefined) {
    common = await serve(await run());
    running = undefined;
  }
  return common;
}

/** Starts three processes for this test alone, with Ann, Bob and Cid on one of them each. */
const start = async () => join(await serve(await run()));

/** Joins Ann, Bob and Cid to the shared processes, in a room of this test alone. */
const startInCommon = async () => join(await inCommon(), `room-${++rooms}`);

async function join({ program, served }: Awaited<ReturnType<typeof serve>>, room?: string) {
  const ann = await ClusterClient.reach(served[0], 'Ann', { room });
  const bob = await ClusterClient.reach(served[1], 'Bob', { room });
  const cid = await ClusterClient.reach(served[2], 'Cid', { room });
  for (const client of [ann, bob, cid]) await client.untilMembers('Ann 1', 'Bob 2', 'Cid 3');
  return { program, served, ann, bob, cid, room };
}

// most tests here take long: Redis and three processes start for each, and those that end are started again
test('a message reaches everybody once, and in one order', async () => {
  const { ann, bob, cid } = await startInCommon();
  const all = [ann, bob, cid];
  const numbers = Array.from({ length: 15 }, (_, number) => `${number}`);
  await Promise.all(all.map((client) => client.say(...numbers)));
  for (const client of all) await client.until(() => client.said.length >= 45);
  await ann.say('last');
  for (const client of all) await client.until(() => client.texts.includes('last'));

  for (const client of all) {
    expect(client.said).toHaveLength(46);
    expect(client.said).toEqual(ann.said);
    expect(client.waiting).toEqual([]);
  }
  for (const [nickname, worker] of [
    ['Ann', 1],
    ['Bob', 2],
    ['Cid', 3],
  ] as const) {
    const theirs = ann.said.filter((said) => said.nickname === nickname && said.text !== 'last');
    expect(theirs.map(({ text }) => text)).toEqual(numbers);
    expect(theirs.every((said) => said.worker === worker)).toBe(true);
  }
  expect(new Set(ann.said.map(({ offset }) => offset)).size).toBe(46);
  expect(ann.said[0]).toEqual({
    id: expect.any(String) as string,
    nickname: expect.any(String) as string,
    text: '0',
    time: expect.any(String) as string,
    worker: expect.any(Number) as number,
    offset: expect.stringMatching(/^\d+-\d+$/) as string,
  });
});

test('everybody sees the members, their processes, and who comes and goes', async () => {
  const { served, ann, bob, cid, room } = await startInCommon();
  await bob.close();
  for (const client of [ann, cid]) await client.untilMembers('Ann 1', 'Cid 3');
  expect(ann.people.at(-1)).toMatchObject({ left: ['Bob'], joined: [] });
  // a nickname is one person, on however many pages
  const again = await ClusterClient.reach(served[1], 'Cid', { room });
  await ann.untilMembers('Ann 1', 'Cid 2,3');
  expect(again.joined).toMatchObject({ room, nickname: 'Cid', worker: 2, alone: false, behind: false });
  await cid.close();
  await ann.untilMembers('Ann 1', 'Cid 2');
  expect(ann.people.at(-1)).toMatchObject({ left: [], joined: [] });
  const elsewhere = await ClusterClient.connect(served[0].url, 'garden');
  expect(await elsewhere.join('Dan')).toMatchObject({ room: 'garden', members: [{ nickname: 'Dan' }] });
});

test('members of a killed process come back, and have missed nothing', async () => {
  const { program, served, ann, bob, cid } = await start();
  await ann.say('before');
  for (const client of [ann, bob, cid]) await client.until(() => client.texts.includes('before'));
  process.kill(served[1].pid, 'SIGKILL');
  expect(await bob.closed).toBe(1006);
  await ann.say('one', 'two');
  await cid.until(() => cid.texts.includes('two'));
  await cid.say('three');
  await ann.until(() => ann.texts.includes('three'));
  for (const client of [ann, cid]) await client.untilMembers('Ann 1', 'Cid 3');
  expect(ann.people.at(-1)).toMatchObject({ left: ['Bob'] });

  await program.line(/^worker 2 ended \(SIGKILL\); again in 100 ms$/);
  const again = await program.served(2);
  expect(again.pid).not.toBe(served[1].pid);
  const back = await ClusterClient.reach(again, 'Bob', { since: bob.offset });
  // they came before the answer
  expect(back.texts).toEqual(['one', 'two', 'three']);
  await back.say('back');
  for (const client of [ann, back, cid]) {
    await client.untilMembers('Ann 1', 'Bob 2', 'Cid 3');
    await client.until(() => client.texts.includes('back'));
  }
  expect([...bob.said, ...back.said]).toEqual(ann.said);
  expect(cid.said).toEqual(ann.said);
});

test('without Redis each process goes on alone, and no message is lost', async () => {
  const { program, served, ann, bob, cid } = await start();
  const dan = await ClusterClient.reach(served[0], 'Dan');
  const all = [ann, bob, cid, dan];
  await ann.say('before');
  for (const client of all) await client.until(() => client.texts.includes('before'));
  const had = dan.offset;

  await redis.kill();
  for (const client of all) await client.until(() => client.redis.at(-1)?.alone === true);
  await ann.say('from 1');
  await bob.say('from 2');
  await dan.until(() => dan.waiting.some(({ text }) => text === 'from 1'));
  await bob.until(() => bob.waiting.some(({ text }) => text === 'from 2'));
  expect(dan.said).toHaveLength(1);
  expect(program.errors).toMatch(/^worker 1: the backplane cannot be reached: .*$/m);

  // new members, and those who come back, can talk
  const eve = await ClusterClient.reach(served[0], 'Eve');
  expect(eve.joined.alone).toBe(true);
  await dan.close();
  const back = await ClusterClient.reach(served[0], 'Dan', { since: had });
  expect(back.joined).toMatchObject({ alone: true, behind: true });
  await eve.say('from Eve');
  await back.until(() => back.waiting.some(({ text }) => text === 'from Eve'));

  await redis.start();
  for (const client of [ann, bob, cid, eve, back]) await client.until(() => client.redis.at(-1)?.alone === false);
  await cid.say('after');
  for (const client of [ann, bob, cid]) {
    await client.until(() => client.texts.includes('after'));
    expect(client.texts.toSorted()).toEqual(['after', 'before', 'from 1', 'from 2', 'from Eve']);
    expect(client.said).toEqual(ann.said);
  }
  await back.until(() => back.texts.includes('after'));
  back.said.length = 0;
  expect(await back.join('Dan', had)).toMatchObject({ alone: false, behind: false });
  expect(back.said).toEqual(ann.said.slice(1));
  for (const client of [ann, bob, cid, eve, back]) {
    await client.untilMembers('Ann 1', 'Bob 2', 'Cid 3', 'Dan 1', 'Eve 1');
  }
});

test('starts without Redis, says so, and joins the others when Redis is there', async () => {
  const starting = await run();
  await redis.kill();
  const { program, served } = await serve(starting);
  const ann = await ClusterClient.reach(served[0], 'Ann');
  const bob = await ClusterClient.reach(served[1], 'Bob');
  expect(program.errors).toMatch(/^worker 1: the backplane cannot be reached: .*ECONNREFUSED/m);
  expect(ann.joined.alone).toBe(true);
  await ann.say('early');
  await ann.until(() => ann.waiting.length === 1);
  await redis.start();
  for (const client of [ann, bob]) {
    await client.untilMembers('Ann 1', 'Bob 2');
    await client.until(() => client.redis.at(-1)?.alone === false);
  }
  await ann.until(() => ann.texts.includes('early'));
  await bob.say('later');
  for (const client of [ann, bob]) await client.until(() => client.texts.includes('later'));
});

test('an offset that is not kept is refused, and one can join without it', async () => {
  const { served, ann, room } = await startInCommon();
  await ann.say('old');
  await ann.until(() => ann.said.length === 1);
  const stranger = await ClusterClient.connect(served[0].url, room);
  for (const since of ['1-1', 'x', ann.offset.replace(/^\d+/, '7')]) {
    await expect(stranger.join('Fay', since)).rejects.toThrow('history_lost');
  }
  await stranger.join('Fay');
  await ann.say('new');
  await stranger.until(() => stranger.texts.includes('new'));
});

test('refuses invalid rooms, nicknames and messages', async () => {
  const { served } = await inCommon();
  const { url } = served[0];
  for (const room of ['a b', 'a:b', '*', '**', '-', 'x'.repeat(41)]) {
    const client = await ClusterClient.connect(url, room);
    await expect(client.join('Ann')).rejects.toThrow('room_invalid');
    await expect(client.say('hello')).rejects.toThrow('not_joined');
  }
  const client = await ClusterClient.connect(url, 'Größe_१-2');
  for (const data of [
    undefined,
    {},
    { nickname: '' },
    { nickname: 7 },
    { nickname: 'x'.repeat(25) },
    { nickname: '\u202eevil' },
    { nickname: 'Ann', since: null },
    { nickname: 'Ann', since: '1'.repeat(65) },
    { nickname: 'Ann', key: 'x' },
  ]) {
    await expect(client.ask('chat.join', data)).rejects.toThrow('validation_failed');
  }
  expect(await client.join('  Ann \t B ')).toMatchObject({ room: 'größe_१-2', nickname: 'Ann B' });
  await expect(client.join('Bob')).rejects.toThrow('already_joined');
  for (const text of ['', ' \n', 'x'.repeat(1001), 7]) {
    await expect(client.ask('chat.say', { text })).rejects.toThrow('validation_failed');
  }
  await client.say(' <b>hé</b>\n🎉 ');
  await client.until(() => client.texts[0] === '<b>hé</b>\n🎉');
});

test('serves its page, and the files of the chat that it uses', async () => {
  const { served } = await inCommon();
  const page = await fetch(served[0].url);
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  const html = await page.text();
  expect(html).toContain('Portal cluster');
  const files = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file]) => file!);
  expect(files).toEqual(expect.arrayContaining(['icon.svg', 'style.css', 'places.css', 'cluster.js']));
  for (const file of [...files, 'link.js', 'frame.js']) expect((await fetch(served[0].url + file)).status).toBe(200);
});

test.each(['SIGTERM', 'SIGINT'] as const)('%s ends all with exit code 0, and the clients are told', async (signal) => {
  const { program, ann, bob, cid } = await start();
  program.child.kill(signal);
  for (const client of [ann, bob, cid]) expect(await client.closed).toBe(1001);
  expect(await program.ended).toBe(0);
  expect(program.errors).toBe('');
});

test.each([
  [{ WORKERS: 'many' }, 'WORKERS must be a number from 1, not many\n'],
  [
    { REDIS_URL: 'http://127.0.0.1' },
    'REDIS_URL is wrong: url: a URL of Redis begins with redis: or rediss:, not http:\n',
  ],
])('settings that are wrong: %p', async (settings, errors) => {
  const program = await run(settings);
  expect(await program.ended).toBe(1);
  expect(program.errors).toBe(errors);
});
