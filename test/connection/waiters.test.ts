import { CloseInfo } from '../../src/engine';
import { Waiters } from '../../src/connection/waiters';

const info = new CloseInfo(1000, 'bye', true);

test('who waits for the end, for room or for a pong hears of the end', async () => {
  const waiting = new Waiters();
  const [closed, again] = [waiting.untilClosed(), waiting.untilClosed()];
  const drained = waiting.untilDrained();
  const pong = waiting.pings.expect(Buffer.from('p'), 0);
  waiting.onClosed(info);
  expect(await Promise.all([closed, again])).toEqual([info, info]);
  await drained;
  await expect(pong).rejects.toThrow('the connection closed before the pong came');
});

test('who waits for room hears of it once, and the others do not', async () => {
  const waiting = new Waiters();
  const heard: string[] = [];
  void waiting.untilClosed().then(() => heard.push('closed'));
  const first = waiting.untilDrained().then(() => heard.push('drained'));
  waiting.onDrained();
  await first;
  waiting.onDrained();
  expect(heard).toEqual(['drained']);
});
