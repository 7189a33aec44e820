import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { buildSync } from 'esbuild';

const ROOT = join(__dirname, '../..');

interface Manifest {
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional?: boolean }>;
}

/** A folder in which Portal is installed as a package. */
export interface Installed {
  write(file: string, text: string): void;
  /** Installs a second copy of Portal, perhaps altered, for the code in a folder below. */
  copyTo(below: string, alter?: (file: string, text: string) => string): void;
  /** Runs a script in that folder, in a process of its own. */
  run(script: string): { status: number | null; stdout: string; stderr: string };
  remove(): void;
}

/** Compiles and installs Portal with its required dependencies, and of the optional ones only `packages`. */
export function installPortal(packages: readonly string[]): Installed {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'portal-installed-')));
  const portal = join(folder, 'node_modules/portal-ws');
  mkdirSync(portal, { recursive: true });
  cpSync(join(ROOT, 'package.json'), join(portal, 'package.json'));
  const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' });
  buildSync({
    entryPoints: sources.filter((file) => file.endsWith('.ts')).map((file) => join(ROOT, 'src', file)),
    outdir: join(portal, 'dist'),
    format: 'cjs',
    platform: 'node',
    target: 'es2022',
  });
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
  const peers = Object.keys(manifest.peerDependencies);
  const needed = peers.filter((name) => manifest.peerDependenciesMeta[name]?.optional !== true);
  for (const name of [...Object.keys(manifest.dependencies), ...needed, ...packages]) {
    const link = join(folder, 'node_modules', name);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', name), link, 'junction');
  }
  return {
    write: (file, text) => writeFileSync(join(folder, file), text),
    copyTo(below, alter = (_file, text) => text) {
      const copy = join(folder, below, 'node_modules/portal-ws');
      cpSync(portal, copy, { recursive: true });
      for (const file of readdirSync(copy, { recursive: true, encoding: 'utf8' })) {
        if (!file.endsWith('.js')) continue;
        const text = readFileSync(join(copy, file), 'utf8');
        writeFileSync(join(copy, file), alter(file, text));
      }
    },
    run(script) {
      const env = { ...process.env, NODE_PATH: '' };
      const { status, stdout, stderr } = spawnSync(process.execPath, ['-e', script], {
        cwd: folder,
        env,
        encoding: 'utf8',
      });
      return { status, stdout: stdout.trim(), stderr };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
