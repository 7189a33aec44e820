export { UpgradeRefusedError, type ConnectOptions } from './client-handshake';
export { createTestApp, type TestApp, type TestOptions } from './test-app';
export type { TestClient } from './test-client';
