import { inspect } from 'node:util';
import { DEFAULT_LIMITS, resolveLimits } from '../../src/connection/limits';

test('the defaults are those of the documentation', () => {
  expect(resolveLimits()).toEqual({
    maxMessageBytes: 1_048_576,
    maxStreamBytes: Number.MAX_SAFE_INTEGER,
    maxEmptyFragments: 128,
    handshakeTimeoutMs: 10_000,
    maxHeaderBytes: 16_384,
    closeTimeoutMs: 5_000,
    highWaterMarkBytes: 65_536,
    maxBufferedBytes: 1_048_576,
    slowConsumer: 'close',
    maxQueuedMessages: 64,
    maxKeys: 10_000,
    maxDepth: 32,
    maxConnections: Number.MAX_SAFE_INTEGER,
    maxConnectionsPerAddress: Number.MAX_SAFE_INTEGER,
    messagesPerSecond: Number.MAX_SAFE_INTEGER,
    bytesPerSecond: Number.MAX_SAFE_INTEGER,
    maxTotalBufferedBytes: Number.MAX_SAFE_INTEGER,
  });
});

test('a path limits on top of its application', () => {
  const application = resolveLimits({ maxMessageBytes: 10, closeTimeoutMs: 20 });
  expect(resolveLimits({ maxMessageBytes: 30 }, application)).toEqual({
    ...DEFAULT_LIMITS,
    maxMessageBytes: 30,
    closeTimeoutMs: 20,
  });
});

test.each([0, -1, 1.5, NaN, Infinity, '10', null, 2 ** 29])('maxMessageBytes: %p is refused', (value) => {
  expect(() => resolveLimits({ maxMessageBytes: value as number })).toThrow(
    `limits.maxMessageBytes must be a whole number from 1 to 536870888, not ${inspect(value)}`,
  );
});

test('an unknown limit is refused by name', () => {
  expect(() => resolveLimits({ maxMessageByte: 1 } as object)).toThrow(
    'limits.maxMessageByte is no limit; there are max',
  );
  expect(() => resolveLimits({ constructor: 1 } as object)).toThrow('limits.constructor is no limit');
});

test('slowConsumer has two policies', () => {
  expect(resolveLimits({ slowConsumer: 'drop' }).slowConsumer).toBe('drop');
  expect(() => resolveLimits({ slowConsumer: 'wait' as 'drop' })).toThrow(`must be 'close' or 'drop'`);
});
