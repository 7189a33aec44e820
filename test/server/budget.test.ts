import { Budget, type MemoryUser } from '../../src/server/budget';

function budgetOf(maxBytes: number, sizes: number[]) {
  const gone: number[] = [];
  const users = sizes.map<MemoryUser & { heldBytes: number }>((heldBytes) => ({
    heldBytes,
    terminate() {
      gone.push(this.heldBytes);
      this.heldBytes = 0;
    },
  }));
  let counts = 0;
  const budget = new Budget(maxBytes, () => {
    counts++;
    return users;
  });
  return { budget, users, gone, counts: () => counts };
}

test('nobody is counted before enough has come', () => {
  const { budget, counts } = budgetOf(1000, [500]);
  for (let i = 0; i < 10; i++) budget.put(100);
  expect(counts()).toBe(0);
});

test('beyond the budget those who hold most go, until it fits', () => {
  const { budget, gone } = budgetOf(1000, [10, 600, 20, 500, 30]);
  budget.put(1001);
  expect(gone).toEqual([600]);
});

test('what has left meanwhile does not count', () => {
  const { budget, users, gone, counts } = budgetOf(1000, [600, 600]);
  users[0]!.heldBytes = 0;
  budget.put(1200);
  expect(gone).toEqual([]);
  expect(counts()).toBe(1);
});

test('close to the budget, all are counted once for each sixteenth of it, not for each byte', () => {
  const { budget, gone, counts } = budgetOf(16_000, [15_990]);
  for (let i = 0; i < 16_001; i++) budget.put(1);
  expect(counts()).toBe(1);
  for (let i = 0; i < 2_500; i++) budget.put(1);
  expect(counts()).toBe(3);
  expect(gone).toEqual([]);
});
