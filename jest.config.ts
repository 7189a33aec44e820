/** @jest-config-loader esbuild-register */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Config } from 'jest';

/** Tests that start a broker. Without it they are left out, but in CI they fail. */
const WITH_BROKER = {
  'redis-server': ['test/redis/', 'test/faults/cluster', 'test/samples/cluster', 'test/browser/cluster'],
  'nats-server': ['test/nats/', 'test/faults/cluster'],
};

const folders = `${process.env.PATH}${delimiter}/usr/sbin`.split(delimiter);
const without = Object.entries(WITH_BROKER).flatMap(([program, tests]) => {
  if (process.env.CI || folders.some((folder) => existsSync(join(folder, program)))) return [];
  process.stderr.write(`skipped: ${tests.join(', ')} (there is no ${program})\n`);
  return tests;
});

const config: Config = {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/', ...without],
  transform: { '^.+\\.ts$': ['ts-jest', { tsconfig: '<rootDir>/tsconfig.json' }] },
  moduleNameMapper: {
    '^portal-ws$': '<rootDir>/src/index.ts',
    '^portal-ws/(.*)$': '<rootDir>/src/$1/index.ts',
  },
  testTimeout: 20_000,
  maxWorkers: '100%',
  // what test files leave behind makes garbage collection slower for the next
  workerIdleMemoryLimit: '600MB',
};

export default config;
