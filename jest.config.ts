/** @jest-config-loader esbuild-register */
import type { Config } from 'jest';

const config: Config = {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
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
