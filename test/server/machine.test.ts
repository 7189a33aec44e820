import { execFileSync } from 'node:child_process';
import { totalmem } from 'node:os';
import { fileLimit, limitsOfMachine, memoryLimit } from '../../src/server/machine';

test('the soft limit of open files is what the shell says it is', () => {
  const told = execFileSync('sh', ['-c', 'ulimit -n'], { encoding: 'utf8' }).trim();
  expect(String(fileLimit())).toBe(told === 'unlimited' ? 'undefined' : told);
});

test.each([
  ['', undefined],
  ['Max open files            unlimited            unlimited            files', undefined],
  ['Max cpu time 1 2 s\nMax open files            1024                 524288               files\n', 1024],
])('%j is a limit of %s', (text, limit) => {
  expect(fileLimit(text)).toBe(limit);
});

test('memory is no more than the machine has', () => {
  expect(memoryLimit()).toBeGreaterThan(0);
  expect(memoryLimit()).toBeLessThanOrEqual(totalmem());
});

test('connections may use a quarter of the memory, and not all files', () => {
  const { maxConnections, maxTotalBufferedBytes } = limitsOfMachine();
  expect(maxTotalBufferedBytes).toBe(Math.floor(memoryLimit() / 4));
  expect(maxConnections).toBeGreaterThan(0);
  expect(maxConnections).toBeLessThan(fileLimit() ?? Infinity);
});
