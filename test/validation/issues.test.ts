import { invalid, Issues, joinPath, MAX_DETAILS_BYTES, MAX_ISSUES } from '../../src/validation/issues';
import { PortalError } from '../../src/engine';

function failureOf(fill: (issues: Issues) => void): PortalError {
  const issues = new Issues();
  try {
    fill(issues);
  } catch (error) {
    return error as PortalError;
  }
  return issues.failure();
}

test('an issue names the constraint that a path breaks', () => {
  const error = invalid('items.0.name', 'isString', 'name must be a string');
  expect(error).toBeInstanceOf(PortalError);
  expect(error).toMatchObject({
    code: 'validation_failed',
    message: 'The message is not valid.',
    status: 400,
    truncated: false,
    details: [{ path: 'items.0.name', constraints: { isString: 'name must be a string' } }],
  });
});

test('the constraints of one path are one issue', () => {
  const { details } = failureOf((issues) => {
    issues.add('a', 'isInt', 'no integer');
    issues.add('', 'schema', 'no');
    issues.add('a', 'min', 'too small');
  });
  expect(details).toEqual([
    { path: 'a', constraints: { isInt: 'no integer', min: 'too small' } },
    { path: '', constraints: { schema: 'no' } },
  ]);
});

describe('as many as a reply lists', () => {
  test.each([
    [MAX_ISSUES, MAX_ISSUES, false],
    [MAX_ISSUES + 1, MAX_ISSUES, true],
  ])('of %d: %d, truncated: %p', (count, listed, truncated) => {
    let added = 0;
    const error = failureOf((issues) => {
      for (; added < count; added++) issues.add(String(added), 'isInt', 'no integer');
    });
    expect(error.truncated).toBe(truncated);
    expect((error.details as { path: string }[]).map(({ path }) => path)).toEqual(
      Array.from({ length: listed }, (_, index) => String(index)),
    );
    // the first that is too many ends the check
    expect(added).toBe(listed);
  });

  test.each([
    ['paths', '\u0001'.repeat(300), 'x'],
    ['messages', 'x', 'é'.repeat(1_000_000)],
    ['both', '"'.repeat(1_000_000), '\ud800'.repeat(1_000_000)],
  ])('long %s: 16 KiB at most', (_what, path, message) => {
    const error = failureOf((issues) => {
      for (let index = 0; index < 1000; index++) issues.add(`${index}${path}`, 'custom', message);
    });
    expect(error.truncated).toBe(true);
    const { length } = Buffer.from(JSON.stringify(error.details));
    expect(length).toBeLessThanOrEqual(MAX_DETAILS_BYTES);
    expect(length).toBeGreaterThan(MAX_DETAILS_BYTES / 2);
  });

  test('many constraints of one path: 16 KiB at most', () => {
    const error = failureOf((issues) => {
      for (let index = 0; index < 10_000; index++) issues.add('a', `custom${index}`, 'no');
    });
    expect(error.truncated).toBe(true);
    expect(JSON.stringify(error.details).length).toBeLessThanOrEqual(MAX_DETAILS_BYTES);
  });

  test('a text that was shortened is not all there was to say', () => {
    const error = failureOf((issues) => issues.add('x'.repeat(1000), 'a', 'b'));
    expect(error).toMatchObject({ truncated: true, details: [{ path: `${'x'.repeat(400)}…` }] });
  });
});

test.each([
  ['', 'a', 'a'],
  ['a', 0, 'a.0'],
  ['a.0', 'b', 'a.0.b'],
])('%p and %p: %p', (path, key, joined) => {
  expect(joinPath(path, key)).toBe(joined);
});
