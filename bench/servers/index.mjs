import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const BENCH = new URL('../', import.meta.url);
const pathOf = (relative) => fileURLToPath(new URL(relative, BENCH));
const versionIn = (manifest) => JSON.parse(readFileSync(pathOf(manifest), 'utf8')).version;

const node = (file) => ({
  command: process.execPath,
  args: ['--expose-gc', pathOf(`servers/${file}`)],
});

/** Portal, of the checkout in `folder`. */
const portal = (name, folder) => {
  const file = (path) => (folder === undefined ? pathOf(`../${path}`) : join(folder, path));
  return {
    command: process.execPath,
    args: ['--expose-gc', file(`bench/servers/${name}.mjs`)],
    version: JSON.parse(readFileSync(file('package.json'), 'utf8')).version,
  };
};

/** ws, or what is built on it; all without native add-ons. */
const packaged = (file, name) => ({
  ...node(file),
  env: { WS_NO_BUFFER_UTIL: '1', WS_NO_UTF_8_VALIDATE: '1' },
  version: versionIn(`node_modules/${name}/package.json`),
});

/** A runtime whose binary is inside a registry package for this platform; undefined when it does not start here. */
function foreign(scope, binary, args) {
  const folder = pathOf(`node_modules/${scope}`);
  if (!existsSync(folder)) return undefined;
  for (const name of readdirSync(folder)) {
    const command = `${folder}/${name}/${binary}`;
    try {
      execFileSync(command, ['--version'], { stdio: 'ignore', timeout: 10_000 });
      return { command, args, version: versionIn(`node_modules/${scope}/${name}/package.json`) };
    } catch {
      // made for another platform or C library
    }
  }
  return undefined;
}

const makers = {
  floor: () => ({ ...node('floor.mjs'), version: versionIn('../package.json') }),
  ws: () => packaged('ws.mjs', 'ws'),
  'ws+bufferutil': () => ({
    ...node('ws.mjs'),
    version: `${versionIn('node_modules/ws/package.json')}+${versionIn('node_modules/bufferutil/package.json')}`,
  }),
  'socket.io': () => packaged('socket.io.mjs', 'socket.io'),
  nest: () => packaged('nest.mjs', '@nestjs/core'),
  bun: () => foreign('@oven', 'bin/bun', ['run', pathOf('servers/bun.mjs')]),
  deno: () =>
    foreign('@deno', 'deno', [
      'run',
      '--quiet',
      '--no-config',
      '--no-prompt',
      '--allow-net',
      pathOf('servers/deno.mjs'),
    ]),
};

const made = new Map();

/**
 * How to start a server, and its version; undefined when it does not run on this machine. `folder`: of another checkout of Portal,
 * which is built.
 */
export function serverNamed(name, folder) {
  if (name.startsWith('portal-')) return portal(name, folder);
  if (!made.has(name)) made.set(name, makers[name]());
  return made.get(name);
}
