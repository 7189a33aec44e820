import { consoleLogger, guardedLogger } from '../../src/app/logger';

test('warnings and errors go to standard error, the rest nowhere', () => {
  const warn = jest.spyOn(console, 'warn').mockImplementation(() => {});
  const error = jest.spyOn(console, 'error').mockImplementation(() => {});
  const log = jest.spyOn(console, 'log').mockImplementation(() => {});
  consoleLogger.info({}, 'quiet');
  consoleLogger.warn({ a: 1 }, 'careful');
  consoleLogger.error({ b: 2 }, 'broken');
  expect(warn.mock.calls).toEqual([['[portal] careful', { a: 1 }]]);
  expect(error.mock.calls).toEqual([['[portal] broken', { b: 2 }]]);
  expect(log).not.toHaveBeenCalled();
});

test('a logger without one of the methods is refused', () => {
  const wanted = 'it needs info, warn, error, each (details, message), as pino has';
  const incomplete = { warn() {} } as never;
  expect(() => guardedLogger(incomplete)).toThrow(`logger has no method info, error: ${wanted}`);
  for (const none of [null, 'console', 1]) expect(() => guardedLogger(none as never)).toThrow(TypeError);
});

test('the methods are those that the logger has when something is to be logged', () => {
  const lines: string[] = [];
  const logger = { info() {}, warn() {}, error() {} } as Record<'info' | 'warn' | 'error', (...line: never[]) => void>;
  const guarded = guardedLogger(logger);
  logger.warn = function (this: unknown, _details: object, message: string) {
    lines.push(`${String(this === logger)} ${message}`);
  };
  guarded.warn({}, 'now');
  expect(lines).toEqual(['true now']);
});
