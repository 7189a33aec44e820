import { MAX_RESTARTS, Restarts, WINDOW_MS } from '../../samples/processes/restarts';

let now = 1000;
let restarts: Restarts;

beforeEach(() => {
  restarts = new Restarts(() => now);
});

function delays(count: number): (number | undefined)[] {
  return Array.from({ length: count }, () => restarts.delay());
}

test('each restart waits twice as long as the one before, and the last end is one too many', () => {
  expect(delays(MAX_RESTARTS + 1)).toEqual([100, 200, 400, undefined]);
});

test('ends before the window are forgotten', () => {
  delays(MAX_RESTARTS);
  now += WINDOW_MS - 1;
  expect(restarts.delay()).toBeUndefined();
  now += 1;
  // those before the last one have just left the window
  expect(restarts.delay()).toBe(200);
  now += WINDOW_MS;
  expect(restarts.delay()).toBe(100);
});
