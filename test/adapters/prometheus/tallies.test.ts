import { Tallies } from '../../../src/adapters/prometheus/tallies';

test('one for each path, whatever its name, from the first time that it is asked for', () => {
  const tallies = new Tallies();
  tallies.of('/rooms/:room').sent += 2;
  tallies.of('__proto__').sent += 3;
  tallies.of('/rooms/:room').sent += 4;
  expect([...tallies].map(([path, { sent, received }]) => [path, sent, received])).toEqual([
    ['/rooms/:room', 6, 0],
    ['__proto__', 3, 0],
  ]);
});
