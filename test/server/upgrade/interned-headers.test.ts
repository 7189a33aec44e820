import { InternedHeaders } from '../../../src/server/upgrade/interned-headers';

/** Two strings of the same characters that are not the same object cannot be told apart; so what is kept is counted. */
const kept = (values: InternedHeaders) => (values as unknown as { values: Map<string, string> }).values;

test('values that many clients send are kept once, others not at all', () => {
  const values = new InternedHeaders();
  const headers = () => ({ 'user-agent': 'Browser/1', cookie: 'secret', authorization: 'Bearer secret' });
  expect(values.in(headers())).toEqual(headers());
  expect(values.in(headers())).toEqual(headers());
  expect([...kept(values).keys()]).toEqual(['Browser/1']);
});

test('a client that sends ever new values, or long ones, fills no memory', () => {
  const values = new InternedHeaders();
  for (let i = 0; i < 5000; i++) values.in({ 'user-agent': `agent ${i}` });
  values.in({ 'user-agent': 'x'.repeat(10_000) });
  expect(kept(values).size).toBeLessThanOrEqual(1024);
  expect([...kept(values).keys()].every((value) => value.length <= 256)).toBe(true);
});
