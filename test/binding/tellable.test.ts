import { channelName, ForbiddenError, PortalError } from '../../src';
import { tellable } from '../../src/binding/tellable';

function thrownBy(call: () => void): unknown {
  try {
    return call();
  } catch (error) {
    return error;
  }
}

test('an error for the peer is told as it is', () => {
  for (const error of [new PortalError('full'), new ForbiddenError()]) expect(tellable(error)).toBe(error);
});

test('an impossible name is told without the name', () => {
  const error = thrownBy(() => channelName('secret room:*', 'x'));
  expect(tellable(error)).toMatchObject({
    code: 'validation_failed',
    status: 400,
    message: "a channel's name has 1 to 200 characters, no white space and no *",
    details: undefined,
    cause: error,
  });
});

test('an impossible name of another copy of the package is told as well', () => {
  const error = Object.assign(new TypeError('no name'), { code: 'validation_failed' });
  expect(tellable(error)).toMatchObject({ code: 'validation_failed', message: 'The message is not valid.' });
});

test.each([
  new TypeError('x'),
  new RangeError('x'),
  Object.assign(new Error('x'), { code: 'validation_failed' }),
  Object.assign(new TypeError('x'), { code: 'ERR_INVALID_ARG_TYPE' }),
  { code: 'validation_failed' },
  'validation_failed',
  null,
  undefined,
])('%p is not', (error) => {
  expect(tellable(error)).toBeUndefined();
});
