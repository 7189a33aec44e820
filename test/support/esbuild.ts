import { transform } from 'esbuild';

/** Compiles TypeScript with esbuild, which emits no types for decorators, and returns its exports. */
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
