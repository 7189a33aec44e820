import { createHmac } from 'node:crypto';
import { Module } from 'portal-ws';
import { createTestApp, type TestApp, type TestClient } from 'portal-ws/testing';
import { MAX_ENTRIES } from '../../samples/guards/audit';
import { Board, MAX_NOTICES } from '../../samples/guards/board';
import { NoticesModule } from '../../samples/guards/notices.module';
import { Time } from '../../samples/guards/time';
import { Tokens, TokenSecret, type Role } from '../../samples/guards/tokens';
import { MemoryLogger } from '../support/app';
import { ManualClock } from '../support/manual-clock';

const SECRET = 'a secret of the tests, long enough';
const START = Date.UTC(2026, 0, 1);
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const MAX_DELAY_MS = 2 ** 31 - 1;

/** A manual clock that begins in 2026. */
class ManualTime extends Time {
  readonly clock = new ManualClock();

  override now(): number {
    return START + this.clock.now();
  }

  override after(ms: number, callback: () => void): { cancel(): void } {
    return this.clock.after(Math.min(ms, MAX_DELAY_MS), callback);
  }
}

@Module({ imports: [NoticesModule], providers: [{ token: TokenSecret, useValue: new TokenSecret(SECRET) }] })
class TestModule {}

let app: TestApp;
let time: ManualTime;
let tokens: Tokens;
let logger: MemoryLogger;

beforeEach(async () => {
  time = new ManualTime();
  logger = new MemoryLogger();
  app = await createTestApp(TestModule, { logger, override: [{ token: Time, useValue: time }] });
  tokens = app.container.resolve(Tokens);
});

afterEach(async () => {
  await app.close();
  expect(time.clock.pending).toBe(0);
  expect(logger.errors).toEqual([]);
});

const withHeader = (authorization: string): Promise<TestClient> =>
  app.connect('/notices', { headers: { authorization } });

const withProtocols = (...protocols: string[]): Promise<TestClient> => app.connect('/notices', { protocols });

const enter = (id: string, role: Role, lifetimeMs = HOUR_MS): Promise<TestClient> =>
  withHeader(`Bearer ${tokens.issue(id, role, lifetimeMs)}`);

/** A token with any claims and a valid signature. */
function signed(claims: string, secret = SECRET): string {
  return `${claims}.${createHmac('sha256', secret).update(claims).digest('base64url')}`;
}

describe('the upgrade', () => {
  test.each(['Bearer', 'bearer', 'BEARER '])('takes a token in the header: %j', async (scheme) => {
    const client = await withHeader(`${scheme} ${tokens.issue('ann', 'reader', HOUR_MS)}`);
    expect(await client.request('notices.list')).toEqual([]);
    expect(client.protocol).toBe('');
  });

  test('takes a token as a subprotocol, and agrees on the other one', async () => {
    const client = await withProtocols('notices.v1', `bearer.${tokens.issue('ann', 'reader', HOUR_MS)}`);
    expect(client.protocol).toBe('notices.v1');
    expect(await client.request('notices.list')).toEqual([]);
  });

  test('a header counts for more than a subprotocol', async () => {
    const right = tokens.issue('ann', 'editor', HOUR_MS);
    const connecting = app.connect('/notices', {
      headers: { authorization: 'Bearer wrong' },
      protocols: ['notices.v1', `bearer.${right}`],
    });
    await expect(connecting).rejects.toMatchObject({ status: 401, body: 'The token is not valid.' });
  });

  test.each([
    ['no token', () => app.connect('/notices')],
    ['another scheme', () => withHeader('Basic YW5uOmFubg==')],
    ['a scheme without a token', () => withHeader('Bearer ')],
    ['two tokens', () => withHeader('Bearer a b')],
    ['the subprotocol without a token', () => withProtocols('notices.v1')],
  ])('is refused with %s', async (_, connect) => {
    await expect(connect()).rejects.toMatchObject({
      status: 401,
      body: 'A token is needed.',
      headers: { 'www-authenticate': 'Bearer' },
    });
    expect(app.connections.size).toBe(0);
  });

  const expires = START / 1000 + 60;
  const claims = `ann.editor.${expires}`;
  test.each([
    ['the token of another secret', signed(claims, 'another secret, which is long enough too')],
    ['claims of its own', signed(`ann.reader.${expires}`).replace('reader', 'editor')],
    ['a later expiry', signed(claims).replace(String(expires), String(expires + 60))],
    ['no signature', claims],
    ['an empty signature', `${claims}.`],
    ['part of the signature', signed(claims).slice(0, -1)],
    ['more than the signature', `${signed(claims)}A`],
    ['a signature of as many bytes', signed(claims).replace(/[^.]+$/, 'A'.repeat(43))],
    ['nothing but dots', '...'],
    ['no dot', 'token'],
  ])('is refused with %s', async (_, token) => {
    const refusal = { status: 401, body: 'The token is not valid.' };
    await expect(withHeader(`Bearer ${token}`)).rejects.toMatchObject(refusal);
    await expect(withProtocols('notices.v1', `bearer.${token}`)).rejects.toMatchObject(refusal);
    await expect(withHeader(`Bearer ${signed(claims)}`)).resolves.toBeDefined();
  });

  test('is refused with a token that has expired', async () => {
    const token = tokens.issue('ann', 'reader', 60_000);
    time.clock.advance(59_999);
    const client = await withHeader(`Bearer ${token}`);
    await client.close(1000);
    time.clock.advance(1);
    await expect(withHeader(`Bearer ${token}`)).rejects.toMatchObject({ status: 401, body: 'The token has expired.' });
  });
});

describe('tokens', () => {
  test('consist of letters that a header and a subprotocol may have', () => {
    expect(tokens.issue('ann_B-2', 'editor', HOUR_MS)).toMatch(/^ann_B-2\.editor\.\d+\.[A-Za-z0-9_-]{43}$/);
  });

  test.each(['', 'ann.editor', 'ann smith', 'änn', 'x'.repeat(33)])('name no user %j', (id) => {
    expect(() => tokens.issue(id, 'reader', HOUR_MS)).toThrow(RangeError);
  });

  test('need a secret of 32 bytes', () => {
    expect(() => new TokenSecret('x'.repeat(31))).toThrow('must have at least 32 bytes, not 31');
    expect(new TokenSecret('é'.repeat(16)).key).toHaveLength(32);
    expect(TokenSecret.random().key).not.toEqual(TokenSecret.random().key);
  });
});

describe('the board', () => {
  test('an editor posts in its own name, and everybody is told', async () => {
    const ann = await enter('ann', 'editor');
    const bob = await enter('bob', 'reader');
    const notice = { id: 1, author: 'ann', text: 'Closed on Monday' };
    expect(await ann.request('notices.post', { text: 'Closed on Monday' })).toEqual(notice);
    for (const client of [ann, bob]) expect((await client.receiveEvent('notices.posted')).data).toEqual(notice);
    expect(await bob.request('notices.list')).toEqual([notice]);
  });

  test('an editor removes a notice, and everybody is told', async () => {
    const ann = await enter('ann', 'editor');
    const bob = await enter('bob', 'reader');
    await ann.request('notices.post', { text: 'old' });
    expect(await ann.request('notices.remove', { id: 1 })).toBeNull();
    expect((await bob.receiveEvent('notices.removed')).data).toEqual({ id: 1 });
    expect(await bob.request('notices.list')).toEqual([]);
  });

  test.each([
    ['notices.post', { text: 'I was here' }],
    ['notices.remove', { id: 1 }],
    ['notices.audit', undefined],
  ])('a reader may not: %s', async (event, data) => {
    const ann = await enter('ann', 'editor');
    await ann.request('notices.post', { text: 'stays' });
    const bob = await enter('bob', 'reader');
    await expect(bob.request(event, data)).rejects.toMatchObject({
      code: 'forbidden',
      message: 'This is not allowed.',
    });
    expect(await bob.request('notices.list')).toMatchObject([{ text: 'stays' }]);
  });

  test('a filter makes an error reply of an error of the board', async () => {
    const ann = await enter('ann', 'editor');
    await expect(ann.request('notices.remove', { id: 7 })).rejects.toMatchObject({
      code: 'no_such_notice',
      message: 'There is no notice 7.',
      details: { id: 7 },
    });
  });

  test.each([
    ['notices.post', { text: '' }],
    ['notices.post', { text: 'x'.repeat(501) }],
    ['notices.post', { text: 'x', author: 'bob' }],
    ['notices.post', undefined],
    ['notices.remove', { id: 0 }],
    ['notices.remove', { id: '1' }],
  ])('%s refuses what is not valid: row %#', async (event, data) => {
    const ann = await enter('ann', 'editor');
    await expect(ann.request(event, data)).rejects.toMatchObject({ code: 'validation_failed' });
    expect(await ann.request('notices.list')).toEqual([]);
  });

  test('the oldest notice makes room for a new one', async () => {
    const ann = await enter('ann', 'editor');
    for (let count = 1; count <= MAX_NOTICES; count++) await ann.request('notices.post', { text: 'x' });
    await ann.request('notices.remove', { id: 50 });
    await ann.request('notices.post', { text: 'x' });
    expect(await ann.request('notices.list')).toHaveLength(MAX_NOTICES);
    await ann.request('notices.post', { text: 'x' });
    const ids = ((await ann.request('notices.list')) as { id: number }[]).map(({ id }) => id);
    expect(ids).toHaveLength(MAX_NOTICES);
    expect([ids[0], ids.at(-1)]).toEqual([2, MAX_NOTICES + 2]);
  });

  test('forgets a client that went away', async () => {
    const bob = await enter('bob', 'reader');
    await enter('ann', 'editor');
    expect(app.container.resolve(Board).audience).toBe(2);
    await bob.close(1000);
    await app.advance(0);
    expect(app.container.resolve(Board).audience).toBe(1);
  });
});

describe('a connection whose token expires', () => {
  test('is closed at that moment, and the others are not', async () => {
    const ann = await enter('ann', 'editor', 60_000);
    const bob = await enter('bob', 'reader', 61_000);
    time.clock.advance(59_999);
    expect(await ann.request('notices.list')).toEqual([]);
    time.clock.advance(1);
    expect(await ann.closed).toMatchObject({ code: 1008, reason: 'the token has expired' });
    expect(await bob.request('notices.list')).toEqual([]);
  });

  test('is closed no sooner where a timer cannot wait so long', async () => {
    const ann = await enter('ann', 'reader', 60 * DAY_MS);
    time.clock.advance(59 * DAY_MS);
    expect(await ann.request('notices.list')).toEqual([]);
    time.clock.advance(DAY_MS);
    expect(await ann.closed).toMatchObject({ code: 1008 });
  });

  test('leaves no timer if it closes before', async () => {
    const ann = await enter('ann', 'editor', 60_000);
    expect(time.clock.pending).toBe(1);
    expect(await ann.close(1000)).toMatchObject({ code: 1000 });
    await app.advance(0);
    expect(time.clock.pending).toBe(0);
  });
});

describe('the time of day', () => {
  beforeEach(() => void jest.useFakeTimers({ now: START, doNotFake: ['nextTick', 'setImmediate'] }));
  afterEach(() => void jest.useRealTimers());

  test('calls back, or after 24 days at the latest', () => {
    const called: string[] = [];
    const real = new Time();
    expect(real.now()).toBe(START);
    real.after(1000, () => called.push('soon'));
    real.after(60 * DAY_MS, () => called.push('late'));
    real.after(500, () => called.push('never')).cancel();
    jest.advanceTimersByTime(999);
    expect(called).toEqual([]);
    jest.advanceTimersByTime(1);
    expect(called).toEqual(['soon']);
    jest.advanceTimersByTime(MAX_DELAY_MS - 1000);
    expect(called).toEqual(['soon', 'late']);
  });
});

describe('the audit', () => {
  test('knows who did what, when, and how it ended', async () => {
    const ann = await enter('ann', 'editor');
    const bob = await enter('bob', 'reader');
    await bob.request('notices.list');
    time.clock.advance(1500);
    await expect(bob.request('notices.post', { text: 'x' })).rejects.toThrow();
    await expect(ann.request('notices.post', { text: '' })).rejects.toThrow();
    await expect(ann.request('notices.remove', { id: 7 })).rejects.toThrow();
    await ann.request('notices.post', { text: 'x' });
    await bob.close(1000);
    await app.advance(0);

    const entry = (seconds: string, user: string, action: string, outcome: string) => ({
      time: `2026-01-01T00:00:${seconds}Z`,
      user,
      action,
      outcome,
    });
    expect(await ann.request('notices.audit')).toEqual([
      entry('00.000', 'ann', 'open', 'ok'),
      entry('00.000', 'bob', 'open', 'ok'),
      entry('00.000', 'bob', 'notices.list', 'ok'),
      entry('01.500', 'bob', 'notices.post', 'forbidden'),
      entry('01.500', 'ann', 'notices.post', 'validation_failed'),
      entry('01.500', 'ann', 'notices.remove', 'NoSuchNoticeError'),
      entry('01.500', 'ann', 'notices.post', 'ok'),
      entry('01.500', 'bob', 'close', 'ok'),
    ]);
  });

  test('keeps the latest entries', async () => {
    const ann = await enter('ann', 'editor');
    for (let count = 0; count < MAX_ENTRIES; count++) await ann.request('notices.list');
    const entries = (await ann.request('notices.audit')) as { action: string }[];
    expect(entries).toHaveLength(MAX_ENTRIES);
    expect(entries[0]).toMatchObject({ action: 'notices.list' });
  });
});
