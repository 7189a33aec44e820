import { issue, validationFailed } from '../../src/binding/issues';
import { PortalError } from '../../src/engine';

test('an issue names the constraint that a path breaks', () => {
  expect(issue('items.0.name', 'isString', 'name must be a string')).toEqual({
    path: 'items.0.name',
    constraints: { isString: 'name must be a string' },
  });
});

test('the error of all issues is the reply validation_failed, and 400 at an upgrade', () => {
  const issues = [issue('a', 'isInt', 'a must be an integer number'), issue('', 'schema', 'no')];
  const error = validationFailed(issues);
  expect(error).toBeInstanceOf(PortalError);
  expect(error).toMatchObject({
    code: 'validation_failed',
    message: 'The message is not valid.',
    status: 400,
    details: issues,
  });
});
