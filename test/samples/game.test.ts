import { createTestApp, type TestApp, type TestClient } from 'portal-ws/testing';
import { GameModule } from '../../samples/game/game.module';
import { Latest } from '../../samples/game/latest';
import type { Heading, Snapshot } from '../../samples/game/messages';
import { READY_TIMEOUT_MS } from '../../samples/game/player.controller';
import { Chance, Metronome } from '../../samples/game/surroundings';
import { MAX_PLAYERS, TICK_MS, WINNING_SCORE } from '../../samples/game/world';
import { MemoryLogger } from '../support/app';

/** A metronome that beats on demand. */
class ManualMetronome extends Metronome {
  readonly started: number[] = [];
  private beats = new Set<() => void>();

  get running(): number {
    return this.beats.size;
  }

  override start(everyMs: number, beat: () => void): () => void {
    this.started.push(everyMs);
    this.beats.add(beat);
    return () => void this.beats.delete(beat);
  }

  beat(): void {
    for (const beat of this.beats) beat();
  }
}

/** Chance with numbers of the test, then zeros. */
class Written extends Chance {
  readonly numbers: number[] = [];

  override below(): number {
    return this.numbers.shift() ?? 0;
  }
}

let app: TestApp;
let metronome: ManualMetronome;
let chance: Written;
let logger: MemoryLogger;

beforeEach(async () => {
  metronome = new ManualMetronome();
  chance = new Written();
  logger = new MemoryLogger();
  // the place of the first coin
  chance.numbers.push(3, 2);
  app = await createTestApp(GameModule, {
    logger,
    override: [
      { token: Metronome, useValue: metronome },
      { token: Chance, useValue: chance },
    ],
  });
});

afterEach(async () => {
  await app.close();
  expect(metronome.running).toBe(0);
  expect(logger.errors).toEqual([]);
});

const connect = (): Promise<TestClient> => app.connect('/game');

/** A client that has joined at a place. */
async function join(name: string, x = 0, y = 2): Promise<TestClient> {
  chance.numbers.unshift(x, y);
  const client = await connect();
  const joined = client.request('game.join', { name });
  client.respond(await client.receiveEvent('game.ready'), true);
  expect(await joined).toEqual({ x, y });
  return client;
}

/** A client that plays. It gets snapshots as `game.play` events. */
async function play(name: string, x?: number, y?: number): Promise<TestClient> {
  const client = await join(name, x, y);
  client.send(JSON.stringify({ event: 'game.play', id: 'p' }));
  await snapshot(client);
  return client;
}

async function snapshot(client: TestClient): Promise<Snapshot> {
  const { data, id, more } = await client.receiveEvent('game.play');
  expect({ id, more }).toEqual({ id: 'p', more: true });
  return data as Snapshot;
}

async function beat(client: TestClient): Promise<Snapshot> {
  metronome.beat();
  return snapshot(client);
}

const steer = (client: TestClient, heading: Heading): Promise<unknown> => client.request('game.steer', { heading });

const place = ({ players }: Snapshot, name: string) => players.find((player) => player.name === name);

describe('joining', () => {
  test('the server asks whether the player is ready', async () => {
    chance.numbers.unshift(7, 8);
    const client = await connect();
    const joining = client.request('game.join', { name: 'Ann' });
    const asked = await client.receiveEvent();
    expect(asked).toMatchObject({ event: 'game.ready', data: { width: 16, height: 12 } });
    client.respond(asked, true);
    expect(await joining).toEqual({ x: 7, y: 8 });
  });

  test.each([false, null, 'yes', 1])(
    'a player that answers %j is not in, and the name is free again',
    async (answer) => {
      const client = await connect();
      const joining = client.request('game.join', { name: 'Ann' });
      client.respond(await client.receiveEvent('game.ready'), answer);
      await expect(joining).rejects.toMatchObject({ code: 'not_ready', message: 'Another time, then.' });
      await expect(client.request('game.play')).rejects.toMatchObject({ code: 'not_joined' });
      await join('Ann');
    },
  );

  test('a player that answers with an error gets it back, and the name is free again', async () => {
    const client = await connect();
    const joining = client.request('game.join', { name: 'Ann' });
    const { event, id } = await client.receiveEvent('game.ready');
    client.send(JSON.stringify({ event, id, error: { code: 'busy', message: 'Not now.' } }));
    await expect(joining).rejects.toMatchObject({ code: 'busy', message: 'Not now.' });
    await join('Ann');
  });

  test('a player that does not answer in time is not in, and the name is free again', async () => {
    const client = await connect();
    const joining = client.request('game.join', { name: 'Ann' });
    await client.receiveEvent('game.ready');
    await app.advance(READY_TIMEOUT_MS - 1);
    const other = await connect();
    await expect(other.request('game.join', { name: 'Ann' })).rejects.toMatchObject({ code: 'name_taken' });
    await app.advance(1);
    await expect(joining).rejects.toMatchObject({ code: 'timeout' });
    await join('Ann');
  });

  test('a player that leaves while it is asked leaves nothing behind', async () => {
    const client = await connect();
    client.emit('game.join', { name: 'Ann' });
    await client.receiveEvent('game.ready');
    await client.close(1000);
    await app.advance(0);
    await join('Ann');
  });

  test.each([
    ['', 'validation_failed'],
    ['x'.repeat(21), 'validation_failed'],
    [7, 'validation_failed'],
    ['Ann', 'name_taken'],
  ])('refuses the name %j', async (name, code) => {
    await join('Ann');
    const client = await connect();
    await expect(client.request('game.join', { name })).rejects.toMatchObject({ code });
  });

  test('is done once', async () => {
    const ann = await join('Ann');
    await expect(ann.request('game.join', { name: 'Anna' })).rejects.toMatchObject({ code: 'already_joined' });
  });

  test('is over when the field is full', async () => {
    for (let count = 1; count <= MAX_PLAYERS; count++) await join(`Player ${count}`);
    const late = await connect();
    await expect(late.request('game.join', { name: 'Late' })).rejects.toMatchObject({ code: 'game_full' });
  });
});

describe('playing', () => {
  test('begins with the world as it is, and goes on with each beat', async () => {
    const ann = await join('Ann', 0, 2);
    ann.send('{"event":"game.play","id":"p"}');
    expect(await snapshot(ann)).toEqual({
      tick: 0,
      coin: { x: 3, y: 2 },
      players: [{ name: 'Ann', x: 0, y: 2, score: 0 }],
    });
    expect(metronome.started).toEqual([TICK_MS]);
    expect((await beat(ann)).tick).toBe(1);
    expect((await beat(ann)).tick).toBe(2);
  });

  test.each<[Heading, number, number]>([
    ['up', 0, 11],
    ['down', 0, 1],
    ['left', 15, 0],
    ['right', 1, 0],
  ])('%s: one step for each beat, over the edge to the other side', async (heading, x, y) => {
    const ann = await play('Ann', 0, 0);
    expect(await steer(ann, heading)).toBeNull();
    expect(place(await beat(ann), 'Ann')).toMatchObject({ x, y });
    const edge = await play('Bob', 15, 11);
    await steer(edge, heading);
    expect(place(await beat(edge), 'Bob')).toMatchObject({ x: (15 + x) % 16, y: (11 + y) % 12 });
  });

  test('players see each other; one controller does not know the player of another', async () => {
    const ann = await play('Ann', 5, 5);
    const bob = await play('Bob', 8, 8);
    await steer(ann, 'right');
    await steer(bob, 'up');
    const seen = await beat(ann);
    expect(seen.players).toEqual([
      { name: 'Ann', x: 6, y: 5, score: 0 },
      { name: 'Bob', x: 8, y: 7, score: 0 },
    ]);
    expect(await snapshot(bob)).toEqual(seen);
  });

  test('a player that has joined and does not play stays where it is', async () => {
    const bob = await join('Bob', 8, 8);
    await steer(bob, 'up');
    const ann = await play('Ann');
    expect(place(await beat(ann), 'Bob')).toMatchObject({ x: 8, y: 8 });
  });

  test('the first on the coin has it, and it is elsewhere', async () => {
    const ann = await play('Ann', 2, 2);
    const bob = await play('Bob', 4, 2);
    await steer(ann, 'right');
    await steer(bob, 'left');
    chance.numbers.push(9, 9);
    expect(await beat(ann)).toMatchObject({
      coin: { x: 9, y: 9 },
      players: [
        { name: 'Ann', score: 1 },
        { name: 'Bob', score: 0 },
      ],
    });
  });

  test('somebody wins: the last snapshot says who, the answers end, and all may play again', async () => {
    const ann = await play('Ann', 2, 2);
    const bob = await play('Bob', 9, 9);
    await steer(ann, 'right');
    // a coin before each of her steps
    for (let x = 4; x < 3 + WINNING_SCORE; x++) chance.numbers.push(x, 2);
    for (let score = 1; score < WINNING_SCORE; score++) {
      const seen = await beat(ann);
      expect(place(seen, 'Ann')).toMatchObject({ score });
      expect(seen).not.toHaveProperty('winner');
      await snapshot(bob);
    }
    expect(await beat(ann)).toMatchObject({ winner: 'Ann', players: [{ score: WINNING_SCORE }, { score: 0 }] });
    expect(await snapshot(bob)).toMatchObject({ winner: 'Ann' });
    for (const client of [ann, bob]) {
      expect(await client.receiveEvent()).toEqual({ event: 'game.play', id: 'p', done: true });
    }
    expect(metronome.running).toBe(0);

    ann.send('{"event":"game.play","id":"p"}');
    const { x } = place(await snapshot(ann), 'Ann')!;
    expect(place(await beat(ann), 'Ann')).toMatchObject({ x, score: 0 });
  });

  test.each([
    ['game.play', undefined],
    ['game.steer', { heading: 'up' }],
  ])('%s is for those who joined', async (event, data) => {
    const client = await connect();
    await expect(client.request(event, data)).rejects.toMatchObject({ code: 'not_joined' });
  });

  test('goes on once at a time', async () => {
    const ann = await play('Ann');
    await expect(ann.request('game.play')).rejects.toMatchObject({ code: 'already_playing' });
    expect((await beat(ann)).tick).toBe(1);
  });

  test.each([{ heading: 'north' }, { heading: null }, {}, { heading: 'up', speed: 9 }])(
    'refuses to steer by %j',
    async (data) => {
      const ann = await play('Ann', 5, 5);
      await expect(ann.request('game.steer', data)).rejects.toMatchObject({ code: 'validation_failed' });
      expect(place(await beat(ann), 'Ann')).toMatchObject({ x: 5, y: 5 });
    },
  );
});

describe('leaving', () => {
  test('ends the answers of the player; the connection may join again', async () => {
    const ann = await play('Ann');
    const bob = await play('Bob');
    expect(await bob.request('game.leave')).toBeNull();
    expect(await bob.receiveEvent()).toEqual({ event: 'game.play', id: 'p', done: true });
    expect((await beat(ann)).players).toMatchObject([{ name: 'Ann' }]);

    const again = bob.request('game.join', { name: 'Bobby' });
    bob.respond(await bob.receiveEvent('game.ready'), true);
    await again;
    expect((await beat(ann)).players).toMatchObject([{ name: 'Ann' }, { name: 'Bobby' }]);
  });

  test('does nothing for a client that has not joined', async () => {
    const client = await connect();
    expect(await client.request('game.leave')).toBeNull();
  });

  test('the world stands still when the last player has gone', async () => {
    const ann = await play('Ann');
    const bob = await play('Bob');
    await join('Carl');
    await ann.close(1000);
    await app.advance(0);
    expect(metronome.running).toBe(1);
    expect((await beat(bob)).players).toMatchObject([{ name: 'Bob' }, { name: 'Carl' }]);
    await bob.close(1000);
    await app.advance(0);
    expect(metronome.running).toBe(0);

    const dora = await play('Dora');
    expect(metronome.started).toHaveLength(2);
    expect((await beat(dora)).tick).toBe(2);
  });
});

describe('the latest item', () => {
  test('takes the place of one that was not taken', async () => {
    const latest = new Latest<number>();
    latest.put(1);
    latest.put(2);
    expect(await latest.next()).toEqual({ value: 2 });
    const waiting = latest.next();
    latest.put(3);
    expect(await waiting).toEqual({ value: 3 });
  });

  test('is still taken after the end, and nothing after it', async () => {
    const latest = new Latest<number>();
    latest.put(1);
    latest.end();
    latest.put(2);
    expect(await latest.next()).toEqual({ value: 1 });
    expect(await latest.next()).toEqual({ done: true, value: undefined });
  });

  test('no longer comes to a reader that gave up, while it waited or before', async () => {
    const latest = new Latest<number>();
    const waiting = latest.next();
    await latest.return();
    expect(await waiting).toEqual({ done: true, value: undefined });

    const untaken = new Latest<number>();
    untaken.put(1);
    await untaken.return();
    expect(await untaken.next()).toEqual({ done: true, value: undefined });
  });
});

describe('the real surroundings', () => {
  beforeEach(() => void jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate'] }));
  afterEach(() => void jest.useRealTimers());

  test('the metronome beats until it is stopped', () => {
    const beats = jest.fn();
    const stop = new Metronome().start(100, beats);
    jest.advanceTimersByTime(350);
    expect(beats).toHaveBeenCalledTimes(3);
    stop();
    jest.advanceTimersByTime(1000);
    expect(beats).toHaveBeenCalledTimes(3);
  });

  test('chance gives each number below the limit', () => {
    const numbers = new Set(Array.from({ length: 1000 }, () => new Chance().below(3)));
    expect([...numbers].sort()).toEqual([0, 1, 2]);
  });
});
