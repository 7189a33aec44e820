import { randomBytes } from 'node:crypto';
import { countHanded, freeHanded } from '../../src/protocol/young-memory';

const MIB = 1024 * 1024;

const bytesOutside = (): number => process.memoryUsage().arrayBuffers;

/** Makes buffers of a mebibyte that nothing refers to. (V8 does not collect what a `WeakRef` refers to with young objects.) */
function makeGarbage(count: number): void {
  for (let i = 0; i < count; i++) Buffer.allocUnsafeSlow(MIB);
}

/** Collects young objects. */
function freeAll(): void {
  countHanded(6 * MIB);
  freeHanded();
}

test('memory of messages that nothing refers to is freed at once when there is much of it', () => {
  // the first time also prepares
  freeAll();
  for (let round = 0; round < 5; round++) {
    const before = bytesOutside();
    makeGarbage(7);
    countHanded(7 * MIB);
    freeHanded();
    expect(bytesOutside() - before).toBeLessThan(MIB);
  }
});

test('little memory collects nothing', () => {
  freeAll();
  const before = bytesOutside();
  makeGarbage(1);
  countHanded(5 * MIB);
  freeHanded();
  expect(bytesOutside() - before).toBeGreaterThanOrEqual(MIB);
  countHanded(MIB);
  freeHanded();
  expect(bytesOutside() - before).toBeLessThan(MIB);
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
  freeAll();
  expect('gc' in globalThis).toBe(before);
});
