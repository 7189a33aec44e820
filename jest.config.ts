/** @jest-config-loader esbuild-register */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Config } from 'jest';

/** What takes long by nature: browsers, brokers, proxies, several processes, faults. `npm run test:slow` runs these, `npm test` all others. */
const SLOW = [
  'attach/chromium',
  'brokers/names',
  'browser/*',
  'clients/*chromium',
  'faults/*',
  'adapters/nats/*',
  'packages/*',
  'proxies/*',
  'adapters/redis/*',
  'samples/cluster',
  'samples/processes',
  'samples/served',
  'samples/start',
  'streams/memory',
];

/** Tests that start a broker. Without it they are left out, but in CI they fail. */
const WITH_BROKER = {
  'redis-server': [
    'test/adapters/redis/',
    'test/brokers/names',
    'test/faults/cluster',
    'test/faults/history',
    'test/samples/cluster',
    'test/browser/cluster',
  ],
  'nats-server': ['test/adapters/nats/', 'test/brokers/names', 'test/faults/cluster', 'test/faults/history'],
};

const folders = `${process.env.PATH}${delimiter}/usr/sbin`.split(delimiter);
const without = Object.entries(WITH_BROKER).flatMap(([program, tests]) => {
  if (process.env.CI || folders.some((folder) => existsSync(join(folder, program)))) return [];
  process.stderr.write(`skipped: ${tests.join(', ')} (there is no ${program})\n`);
  return tests;
});

type Project = Exclude<NonNullable<Config['projects']>[number], string>;

const project: Project = {
  // what is compiled for one is there for the other
  id: 'portal-ws',
  roots: ['<rootDir>/test'],
  transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.json' }] },
  moduleNameMapper: {
    '^portal-ws$': '<rootDir>/src/index.ts',
    '^portal-ws/engine$': '<rootDir>/src/engine.ts',
    '^portal-ws/testing$': '<rootDir>/src/testing/index.ts',
    '^portal-ws/metrics$': '<rootDir>/src/adapters/prometheus/index.ts',
    '^portal-ws/(nats|opentelemetry|redis)$': '<rootDir>/src/adapters/$1/index.ts',
  },
  testPathIgnorePatterns: ['/node_modules/', ...without],
};

const slow = SLOW.map((path) => `**/test/${path}.test.ts`);

const config: Config = {
  projects: [
    { ...project, displayName: 'fast', testMatch: ['**/*.test.ts', ...slow.map((path) => `!${path}`)] },
    { ...project, displayName: 'slow', testMatch: slow },
  ],
  // what hangs takes so long, and nothing else, on a machine that is busy with other things too
  testTimeout: 120_000,
  // nor has a worker left anything open that takes half a second to end there, with a large heap
  workerGracefulExitTimeout: 10_000,
  maxWorkers: '100%',
  // what test files leave behind makes garbage collection slower for the next
  workerIdleMemoryLimit: '600MB',
};

export default config;
