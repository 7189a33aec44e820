import { describe as describeToken } from '../../src/app/describe';

test.each([
  [class Service {}, 'Service'],
  [Symbol('settings'), 'Symbol(settings)'],
  ['settings', '"settings"'],
])('%p is %s in a message', (token, expected) => {
  expect(describeToken(token)).toBe(expected);
});
