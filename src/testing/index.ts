export { type ConnectOptions, UpgradeRefusedError } from './client-handshake';
export { type TestApp, type TestOptions, createTestApp } from './test-app';
export type { TestClient } from './test-client';
