import { BootError } from '../../src/binding';

test('it can be told from other errors, and keeps its cause', () => {
  const cause = new Error('deep');
  const error = new BootError('message', { cause });
  expect(error).toBeInstanceOf(Error);
  expect([error.name, error.message, error.cause]).toEqual(['BootError', 'message', cause]);
});
