import { Pings } from '../../src/connection/pings';

const bytes = (text: string): Buffer => Buffer.from(text);

test('a pong with the payload of a ping answers it with the time between', async () => {
  const pings = new Pings();
  const answer = pings.expect(bytes('a'), 100);
  pings.answer(bytes('a'), 142);
  expect(await answer).toBe(42);
});

test('a pong answers the earlier pings too: a peer may answer only the latest (RFC 6455 5.5.3)', async () => {
  const pings = new Pings();
  const answers = ['a', 'b', 'c'].map((payload, i) => pings.expect(bytes(payload), i));
  pings.answer(bytes('b'), 10);
  expect(await Promise.all(answers.slice(0, 2))).toEqual([10, 9]);
  pings.answer(bytes('c'), 20);
  expect(await answers[2]).toBe(18);
});

test('a pong that answers nothing changes nothing', async () => {
  const pings = new Pings();
  const answer = pings.expect(bytes('a'), 0);
  pings.answer(bytes('other'), 1);
  pings.answer(bytes('a'), 5);
  expect(await answer).toBe(5);
});

test('when the connection ends, what waits is rejected; nobody has to catch it', async () => {
  const pings = new Pings();
  const answer = pings.expect(bytes('a'), 0);
  void pings.expect(bytes('ignored'), 0);
  pings.abandon();
  await expect(answer).rejects.toThrow('the connection closed before the pong came');
});
