import { randomBytes } from 'node:crypto';
import { countHanded, freeHanded } from '../../src/protocol/young-memory';

const MIB = 1024 * 1024;

/** Young objects that nothing refers to, with memory outside the heap. */
function makeGarbage(count: number): WeakRef<Buffer>[] {
  return Array.from({ length: count }, () => new WeakRef(Buffer.allocUnsafeSlow(MIB)));
}

/** True once nothing may be seen through these references: a turn later, as `WeakRef` promises. */
async function areCollected(references: readonly WeakRef<Buffer>[]): Promise<boolean> {
  await new Promise(setImmediate);
  return references.every((reference) => reference.deref() === undefined);
}

test('memory of messages that are not referred to is freed once there is much of it', () => {
  countHanded(6 * MIB);
  freeHanded();
  let most = 0;
  for (let round = 0; round < 200; round++) {
    Buffer.allocUnsafeSlow(MIB);
    countHanded(MIB);
    freeHanded();
    most = Math.max(most, process.memoryUsage().arrayBuffers);
  }
  expect(most).toBeLessThan(60 * MIB);
});

test('what is referred to stays as it is', () => {
  const kept: Buffer[] = [];
  const copies: string[] = [];
  for (let round = 0; round < 100; round++) {
    const bytes = randomBytes(100_000);
    kept.push(bytes);
    copies.push(bytes.toString('latin1'));
    countHanded(MIB);
    freeHanded();
  }
  expect(kept.every((bytes, index) => bytes.equals(Buffer.from(copies[index]!, 'latin1')))).toBe(true);
});

test('the function gc of V8 does not appear in the program', () => {
  const before = 'gc' in globalThis;
  countHanded(100 * MIB);
  freeHanded();
  expect('gc' in globalThis).toBe(before);
});

test('little memory collects nothing', async () => {
  freeHanded();
  const collected = makeGarbage(1);
  countHanded(5 * MIB);
  freeHanded();
  expect(await areCollected(collected)).toBe(false);
});
