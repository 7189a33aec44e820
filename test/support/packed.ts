import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const ROOT = join(__dirname, '../..');

interface Manifest {
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional?: boolean }>;
}

/** A folder with the package of `npm pack`, laid out as pnpm does: a package finds only its declared dependencies. */
export class Packed {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), 'portal-packed-')));

  /** `own` are the packages of the application, besides Portal. */
  constructor(own: readonly string[]) {
    this.compile();
    const tarball = this.pack();
    const store = this.path('node_modules/.pnpm/portal-ws/node_modules');
    mkdirSync(join(store, 'portal-ws'), { recursive: true });
    this.must('tar', ['xzf', tarball, '-C', join(store, 'portal-ws'), '--strip-components=1']);
    const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Manifest;
    const peers = Object.keys(manifest.peerDependencies);
    const needed = peers.filter((name) => manifest.peerDependenciesMeta[name]?.optional !== true);
    for (const name of [...Object.keys(manifest.dependencies), ...needed]) link(name, store);
    symlinkSync(join(store, 'portal-ws'), this.path('node_modules/portal-ws'), 'junction');
    for (const name of own) link(name, this.path('node_modules'));
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  write(name: string, text: string): string {
    writeFileSync(this.path(name), text);
    return this.path(name);
  }

  /** Runs Node in that folder. */
  node(...args: string[]): { status: number | null; stdout: string; stderr: string } {
    const env = { ...process.env, NODE_PATH: '', NODE_OPTIONS: '' };
    const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: this.folder, env, encoding: 'utf8' });
    return { status, stdout: stdout.trim(), stderr };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Compiles into a folder of its own, since other tests may build `dist`. */
  private compile(): void {
    const outDir = this.path('packing/dist');
    const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
    this.must(process.execPath, [compiler, '-p', join(ROOT, 'tsconfig.build.json'), '--outDir', outDir]);
    for (const name of ['package.json', 'CHANGELOG.md', 'README.md', 'LICENSE']) {
      writeFileSync(this.path(`packing/${name}`), readFileSync(join(ROOT, name)));
    }
  }

  private pack(): string {
    const args = ['pack', '--ignore-scripts', '--offline', '--silent', '--pack-destination', this.folder];
    return this.path(this.must('npm', args, this.path('packing')).trim());
  }

  private must(program: string, args: string[], cwd = this.folder): string {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stdout}${stderr}`);
    return stdout;
  }
}

function link(name: string, modules: string): void {
  const path = join(modules, name);
  mkdirSync(dirname(path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules', name), path, 'junction');
}
