import { inspect } from 'node:util';
import { DEFAULT_LIMITS, NONE, resolveLimits, resolvePathLimits } from '../../src/connection/limits';

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
  expect(resolvePathLimits({ maxMessageBytes: 30 }, application)).toEqual({
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

test("'none' lifts a limit whose default is none", () => {
  const application = resolveLimits({ messagesPerSecond: 5, bytesPerSecond: 5 });
  expect(resolvePathLimits({ messagesPerSecond: 'none' }, application)).toEqual({
    ...application,
    messagesPerSecond: NONE,
  });
  expect(resolveLimits({ maxTotalBufferedBytes: 'none' })).toEqual(DEFAULT_LIMITS);
  expect(() => resolveLimits({ maxMessageBytes: 'none' as never })).toThrow(
    "limits.maxMessageBytes must be a whole number from 1 to 536870888, not 'none'",
  );
  expect(() => resolveLimits({ bytesPerSecond: Infinity })).toThrow(
    `limits.bytesPerSecond must be a whole number from 1 to ${NONE}, or 'none', not Infinity`,
  );
});

test('a limit of the application is none of a path', () => {
  expect(() => resolvePathLimits({ maxHeaderBytes: 1 } as object, DEFAULT_LIMITS)).toThrow(
    "limits.maxHeaderBytes holds for the whole application, not for a path: set it in the application's options",
  );
  expect(resolvePathLimits(undefined, DEFAULT_LIMITS)).toEqual(DEFAULT_LIMITS);
});

test('slowConsumer has two policies', () => {
  expect(resolveLimits({ slowConsumer: 'drop' }).slowConsumer).toBe('drop');
  expect(() => resolveLimits({ slowConsumer: 'wait' as 'drop' })).toThrow(`must be 'close' or 'drop'`);
});
