import { HistoryRules, ifAway, isAway } from '../../src/channels/history';
import { away } from '../support/subscribers';

const keep = (size: number) => ({ size, ttlSeconds: 60 });

test('a name has the history that its rule says, others none', () => {
  const rules = new HistoryRules({ news: { size: 5, ttlSeconds: 0.5 }, 'room:*': keep(6) });
  expect(rules.retentionOf('news')).toMatchObject({ size: 5, ttlSeconds: 0.5 });
  expect(rules.retentionOf('room:7')).toMatchObject({ size: 6, ttlSeconds: 60 });
  for (const name of ['new', 'news:1', 'room', 'room:7:8', 'toString', '__proto__'])
    expect(rules.retentionOf(name)).toBeUndefined();
});

test('without rules nothing has history', () => {
  expect(new HistoryRules({}).retentionOf('news')).toBeUndefined();
});

test('a name goes before patterns, and a longer pattern before a shorter one', () => {
  const orders = [
    ['**', 'log:**', 'log:a:**', 'log:a:b'],
    ['log:a:b', 'log:a:**', 'log:**', '**'],
  ];
  for (const order of orders) {
    const rules = new HistoryRules(Object.fromEntries(order.map((channel) => [channel, keep(channel.length)])));
    expect(['x', 'log:x', 'log:a:x', 'log:a:b'].map((name) => rules.retentionOf(name)?.size)).toEqual([2, 6, 8, 7]);
  }
  const rules = new HistoryRules({ '*:longer': keep(8), 'a:*': keep(3) });
  expect([rules.retentionOf('a:longer')?.size, rules.retentionOf('a:b')?.size]).toEqual([8, 3]);
});

test('what is changed in the options later changes nothing', () => {
  const options = { size: 5, ttlSeconds: 60 };
  const rules = new HistoryRules({ news: options, 'log:*': options });
  options.size = 0;
  expect([rules.retentionOf('news')?.size, rules.retentionOf('log:1')?.size]).toEqual([5, 5]);
});

test.each([0, -1, 1.5, NaN, Infinity, '5', undefined])('size %p is refused', (size) => {
  expect(() => new HistoryRules({ news: { size: size as number, ttlSeconds: 60 } })).toThrow(
    new RangeError(`history of news: size must be a whole number of messages from 1, not ${String(size)}`),
  );
});

test.each([0, -1, NaN, Infinity, 366 * 24 * 3600 + 1, '60', undefined])('ttlSeconds %p is refused', (ttlSeconds) => {
  expect(() => new HistoryRules({ 'log:*': { size: 1, ttlSeconds: ttlSeconds as number } })).toThrow(
    new RangeError(`history of log:*: ttlSeconds must be from above 0 to 31622400, not ${String(ttlSeconds)}`),
  );
});

test.each([null, undefined, 5, true, 'x'])('%p is no rule', (rule) => {
  expect(() => new HistoryRules({ news: rule as never })).toThrow(/^history of news: /);
});

test('an option that is not there is named', () => {
  const rule = { size: 1, ttlSeconds: 1, ttl: 5 };
  expect(() => new HistoryRules({ news: rule })).toThrow(new TypeError('history of news: there is no "ttl"'));
});

test.each(['', 'a b', '**:x', 'x'.repeat(201)])('a rule for %j is refused', (channel) => {
  expect(() => new HistoryRules({ [channel]: keep(1) })).toThrow(TypeError);
});

test('an error is of a backplane that is away where it says so', () => {
  expect(isAway(away())).toBe(true);
  for (const other of [new Error('no'), Object.assign(new Error('no'), { retry: 1 }), undefined, null, 'retry']) {
    expect(isAway(other)).toBe(false);
    expect(() => ifAway(other)).toThrow();
  }
  expect(ifAway(away())).toBeUndefined();
});
