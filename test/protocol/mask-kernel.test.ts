import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';
import { MASK_KERNEL } from '../../src/protocol/mask-kernel';

test('the embedded kernel is what its source assembles to', async () => {
  const source = readFileSync(join(__dirname, '../../src/protocol/mask-kernel.wat'), 'utf8');
  const module = (await wabt()).parseWat('mask-kernel.wat', source, { simd: true });
  expect(MASK_KERNEL).toBe(Buffer.from(module.toBinary({}).buffer).toString('base64'));
});
