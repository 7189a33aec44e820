import { fingerprint, shardsIn } from '../../../src/adapters/redis/shards';

const ASKED = 'rediss://me:secret@redis.test:7000';

test('each master with its slots, at the address it gives, with the user, the password and TLS of the one that was asked', () => {
  const reply = [
    [
      0,
      5460,
      [Buffer.from('10.0.0.1'), 7001, Buffer.from('id'), []],
      [Buffer.from('10.0.0.9'), 7009, Buffer.from('replica')],
    ],
    [5461, 5461, ['::1', 7002, 'id']],
    [5462, 16383, ['10.0.0.1', 7001, 'id']],
  ];
  expect(shardsIn(reply, ASKED)).toEqual([
    {
      url: 'rediss://me:secret@10.0.0.1:7001',
      ranges: [
        [0, 5460],
        [5462, 16383],
      ],
    },
    { url: 'rediss://me:secret@[::1]:7002', ranges: [[5461, 5461]] },
  ]);
});

test.each([null, '', '?'])('a server that gives %j as its address is where it was asked', (host) => {
  expect(shardsIn([[0, 16383, [host, 7000, 'id']]], ASKED)[0]!.url).toBe(ASKED);
});

test('the fingerprint is of masters and their slots, in whatever order', () => {
  const a = [0, 99, ['10.0.0.1', 7001, 'a']];
  const b = [100, 16383, ['10.0.0.2', 7001, 'b']];
  const of = (...reply: unknown[]): string => fingerprint(shardsIn(reply, ASKED));
  expect(of(a, b)).toBe(of(b, [0, 99, ['10.0.0.1', 7001, 'a'], ['10.0.0.2', 7002, 'replica']]));
  expect(of(a, b)).not.toBe(of([0, 99, ['10.0.0.2', 7001, 'b']], b));
  expect(of(a, b)).not.toBe(of([0, 98, ['10.0.0.1', 7001, 'a']], [99, 16383, ['10.0.0.2', 7001, 'b']]));
});
