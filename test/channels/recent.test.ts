import { Recent } from '../../src/channels/recent';

test('what came before is not new', () => {
  const recent = new Recent();
  expect([1, 2, 1, 3, 2, 3].map((number) => recent.isNew('a', number))).toEqual([
    true,
    true,
    false,
    true,
    false,
    false,
  ]);
});

test('each node has its own numbers', () => {
  const recent = new Recent();
  expect(recent.isNew('a', 1)).toBe(true);
  expect(recent.isNew('b', 1)).toBe(true);
  expect(recent.isNew('b', 1)).toBe(false);
});

test('packets may come in any order', () => {
  const recent = new Recent();
  const numbers = Array.from({ length: 1000 }, (_, index) => 1000 - index);
  expect(numbers.every((number) => recent.isNew('a', number))).toBe(true);
  expect(numbers.some((number) => recent.isNew('a', number))).toBe(false);
});

test('at least the latest 1024 of a node are remembered, at any time', () => {
  const recent = new Recent();
  for (let number = 1; number <= 5000; number++) {
    expect(recent.isNew('a', number)).toBe(true);
    if (number > 1024 && number % 97 === 0) expect(recent.isNew('a', number - 1023)).toBe(false);
  }
});

test('and no more than twice as many', () => {
  const recent = new Recent();
  for (let number = 1; number <= 100_000; number++) recent.isNew('a', number);
  let remembered = 0;
  for (let number = 100_000; number > 0 && !recent.isNew('a', number); number--) remembered++;
  expect(remembered).toBeLessThanOrEqual(2048);
});

test('a node that is gone is forgotten, and no other', () => {
  const recent = new Recent();
  recent.isNew('a', 1);
  recent.isNew('b', 1);
  recent.forget('a');
  recent.forget('c');
  expect(recent.isNew('a', 1)).toBe(true);
  expect(recent.isNew('b', 1)).toBe(false);
});
