import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = join(__dirname, '..');

/** The rule, the file that breaks it, and the import that does. */
const FORBIDDEN: readonly (readonly [rule: string, file: string, code: string])[] = [
  ['protocol-imports', 'src/protocol/a.ts', "import '../messages';"],
  ['protocol-imports', 'src/protocol/of-types.ts', "import type { M } from '../messages'; export type P = M;"],
  ['messages-imports', 'src/messages/a.ts', "import '../connection';"],
  ['handshake-imports', 'src/handshake/a.ts', "import '../messages';"],
  ['transport-imports', 'src/transport/a.ts', "import '../connection';"],
  ['connection-imports', 'src/connection/a.ts', "export * from '../server';"],
  ['server-imports', 'src/server/upgrade/a.ts', "import '../../binding';"],
  ['channels-imports', 'src/channels/a.ts', "import '../server';"],
  ['decorators-import-types', 'src/decorators/a.ts', "import '../connection';"],
  ['decorators-imports', 'src/decorators/of-types.ts', "import type { B } from '../binding'; export type D = B;"],
  ['validation-imports', 'src/validation/a.ts', "import '../binding';"],
  ['binding-imports', 'src/binding/a.ts', "import '../server';"],
  ['app-imports', 'src/app/a.ts', "import '../testing';"],
  ['testing-imports', 'src/testing/a.ts', "import '../channels';"],
  ['adapters/redis-imports', 'src/adapters/redis/a.ts', "import '../nats';"],
  ['no-way-past-an-index', 'src/binding/past.ts', "import '../connection/inner';"],
  ['optional-packages', 'src/app/asks.ts', "import 'prom-client';"],
  ['optional-packages', 'src/app/adapter.ts', "import '../adapters/redis';"],
  ['no-circular', 'src/channels/one.ts', "import './two';"],
  ['no-circular', 'src/channels/type-one.ts', "import type { Two } from './type-two'; export type One = Two;"],
  ['no-foreign-engine', 'src/server/foreign.ts', "import 'ws';"],
  ['no-sockets-here', 'src/channels/sockets.ts', "import { connect } from 'node:net'; connect(1);"],
];

const REST: Readonly<Record<string, string>> = {
  'src/connection/inner.ts': 'export {};',
  'src/channels/two.ts': "import './one';",
  'src/channels/type-two.ts': "import type { One } from './type-one'; export type Two = One;",
  'node_modules/ws/index.js': '',
  'node_modules/prom-client/index.js': '',
  'tsconfig.json': '{ "compilerOptions": { "module": "commonjs" } }',
};

const ROOMS = ['messages', 'connection', 'server', 'binding', 'testing', 'channels', 'adapters/redis', 'adapters/nats'];

let folder: string;
let broken: string[];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'portal-rooms-'));
  const files = {
    ...Object.fromEntries(ROOMS.map((room) => [`src/${room}/index.ts`, 'export type M = 1; export type B = 1;'])),
    ...Object.fromEntries(FORBIDDEN.map(([, file, code]) => [file, code])),
    ...REST,
  };
  for (const [file, code] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), code);
  }
  const { summary } = await cruised(folder);
  broken = summary.violations.map(({ rule, from }) => `${rule.name} ${from}`);
});

afterAll(() => rmSync(folder, { recursive: true }));

test.each(FORBIDDEN)('%s is broken by %s: %s', (rule, file) => {
  expect(broken).toContain(`${rule} ${file}`);
});

interface Cruise {
  summary: { violations: { rule: { name: string }; from: string }[] };
}

async function cruised(cwd: string): Promise<Cruise> {
  const cruiser = join(root, 'node_modules/dependency-cruiser/bin/dependency-cruise.mjs');
  const config = relative(cwd, join(root, '.dependency-cruiser.cjs'));
  const options = ['src', '--config', config, '--output-type', 'json'];
  const { stdout } = await run(process.execPath, [cruiser, ...options], { cwd, maxBuffer: 2 ** 26 }).catch(
    // it ends with the number of violations
    (error: { stdout: string }) => error,
  );
  return JSON.parse(stdout) as Cruise;
}
