import { ConnectionClosedError, ERROR_CODES, ForbiddenError, PortalError, UnauthorizedError } from '../../src/engine';

test('the codes are those of the design, and two more of channels', () => {
  expect(Object.keys(ERROR_CODES)).toEqual([
    'malformed_message',
    'unknown_event',
    'validation_failed',
    'unauthorized',
    'forbidden',
    'rate_limited',
    'timeout',
    'internal_error',
    'history_lost',
    'unavailable',
  ]);
});

test.each(Object.entries(ERROR_CODES))('%s has a message and a status of its own', (code, { status, message }) => {
  expect(new PortalError(code)).toMatchObject({ name: 'PortalError', code, status, message, details: undefined });
  expect(new PortalError(code, 'mine', { status: 418 })).toMatchObject({ code, status: 418, message: 'mine' });
});

test.each(['room_full', 'constructor', 'toString', '__proto__', ''])(
  '%j is a code of the application’s own: 500',
  (code) => {
    expect(new PortalError(code)).toMatchObject({ code, message: code, status: 500 });
  },
);

test('details and cause are kept', () => {
  const cause = new Error('why');
  const error = new PortalError('room_full', 'no room', { details: { room: 7 }, cause });
  expect(error).toMatchObject({ details: { room: 7 }, cause, message: 'no room' });
  expect(error).toBeInstanceOf(Error);
});

test.each([0, 200, 299, 600, 404.5, NaN, Infinity])('%p is no status of a refusal', (status) => {
  expect(() => new PortalError('mine', 'm', { status })).toThrow(RangeError);
});

test.each([300, 599])('%p is one', (status) => {
  expect(new PortalError('mine', 'm', { status }).status).toBe(status);
});

test.each([
  [UnauthorizedError, 'unauthorized', 401, 'Authentication is needed.'],
  [ForbiddenError, 'forbidden', 403, 'This is not allowed.'],
] as const)('%p stands for its code', (Refused, code, status, message) => {
  const error = new Refused();
  expect(error).toBeInstanceOf(PortalError);
  expect(error).toMatchObject({ name: Refused.name, code, status, message });
  expect(new Refused('mine', { details: 1 })).toMatchObject({ code, status, message: 'mine', details: 1 });
});

test('ConnectionClosedError is no error reply', () => {
  const error = new ConnectionClosedError();
  expect(error).not.toBeInstanceOf(PortalError);
  expect(error).toMatchObject({
    name: 'ConnectionClosedError',
    message: 'the connection closed before the answer came',
  });
});
