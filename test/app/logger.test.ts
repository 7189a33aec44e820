import { consoleLogger } from '../../src/app/logger';

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
