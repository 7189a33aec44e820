// Assembles src/protocol/mask-kernel.wat and embeds the result in src/protocol/mask-kernel.ts.
import { readFileSync, writeFileSync } from 'node:fs';
import wabt from 'wabt';

const source = new URL('../src/protocol/mask-kernel.wat', import.meta.url);
const target = new URL('../src/protocol/mask-kernel.ts', import.meta.url);

const module = (await wabt()).parseWat('mask-kernel.wat', readFileSync(source, 'utf8'), { simd: true });
const bytes = Buffer.from(module.toBinary({}).buffer);
writeFileSync(
  target,
  `// Made by scripts/build-mask-kernel.mjs from mask-kernel.wat: ${bytes.length} bytes of WebAssembly.\n` +
    `export const MASK_KERNEL = '${bytes.toString('base64')}';\n`,
);
