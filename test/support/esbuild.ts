import { transform } from 'esbuild';

/** Compiles TypeScript as esbuild and tsx do, without emitted types, and returns what it exports. */
export async function compiledByEsbuild(source: string): Promise<Record<string, unknown>> {
  const { code } = await transform(source, {
    loader: 'ts',
    format: 'cjs',
    target: 'es2022',
    tsconfigRaw: { compilerOptions: { experimentalDecorators: true } },
  });
  const exports = {};
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  const run = new Function('require', 'exports', 'module', code) as (...args: unknown[]) => void;
  const module = { exports };
  run(require, exports, module);
  return module.exports;
}
