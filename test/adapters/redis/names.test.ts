import { RedisBackplane } from '../../../src/adapters/redis';
import { Names, slotOf, SLOTS } from '../../../src/adapters/redis/names';
import { Broker, disposeBrokers, redisCli } from '../../support/broker';

afterAll(disposeBrokers);

const SUBJECTS = ['room:7', 'node 4f2a', '', ':', 'a}b', '{a}', '}{', '{}', 'a%7Db', 'a%b', 'höhe:日本:🎉'];

test.each([
  ['room:*', 'portal:room:*'],
  ['room:**', 'portal:room:**'],
  ['a*b?[c]^\\:*', 'portal:a\\*b\\?\\[c\\]\\^\\\\:*'],
  ['**:*', 'portal:\\*\\*:*'],
])('the glob of %s', (pattern, expected) => {
  expect(new Names('portal', false).glob(pattern)).toBe(expected);
});

test.each(SUBJECTS)('of %j, the channel and all keys are in one slot', (subject) => {
  const names = new Names('portal', true);
  const slot = slotOf(names.channel(subject));
  expect(slotOf(names.key(subject, 'stream'))).toBe(slot);
  expect(slotOf(names.key(subject, 'nodes'))).toBe(slot);
});

test('each subject has names of its own', () => {
  const names = new Names('portal', true);
  expect(new Set(SUBJECTS.map((subject) => names.channel(subject))).size).toBe(SUBJECTS.length);
  expect(new Names('portal', false).subject(new Names('portal', false).channel('room:7'))).toBe('room:7');
});

test('the number of a database is in the names of its channels, and no prefix can be like it', () => {
  const [first, third] = [new Names('portal', false), new Names('portal', false, 3)];
  expect([first.channel('room:7'), third.channel('room:7')]).toEqual(['portal:room:7', 'portal@3:room:7']);
  expect([first.glob('room:*'), third.glob('room:*')]).toEqual(['portal:room:*', 'portal@3:room:*']);
  expect(third.subject(third.channel('room:7'))).toBe('room:7');
  expect(third.key('room:7', 'stream')).toBe(first.key('room:7', 'stream'));
  expect(() => new RedisBackplane({ prefix: 'portal@3' })).toThrow(RangeError);
});

test('slots are those of Redis', async () => {
  const { port } = await Broker.start('redis', '--cluster-enabled', 'yes', '--cluster-port', '0');
  const keys = [
    'foo',
    'a{b}c',
    '{}x',
    'x{',
    '{a',
    'é{日本}',
    '{a}{b}',
    ...SUBJECTS.map((s) => new Names('p', true).key(s, 'k')),
  ];
  for (const key of keys) {
    expect(`${key} ${slotOf(key)}`).toBe(
      `${key} ${(await redisCli('-p', String(port), 'cluster', 'keyslot', key)).trim()}`,
    );
  }
  expect(SLOTS).toBe(16384);
});
