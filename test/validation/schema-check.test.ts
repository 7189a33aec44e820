import * as v from 'valibot';
import * as z from 'zod';
import { isSchema, schemaCheck } from '../../src/validation/schema-check';
import type { SchemaIssue, StandardSchema } from '../../src/decorators';
import { issuesOf, outcomeOf } from '../support/checks';
import { DEFAULT_LIMITS } from '../../src/engine';

const inTime = (value: string): Promise<boolean> => Promise.resolve(value !== 'taken');

const libraries: [string, { sync: StandardSchema; async: StandardSchema; name: string }][] = [
  [
    'zod',
    {
      sync: z.object({ name: z.string().trim().min(2, 'too short'), tags: z.array(z.string()).default([]) }),
      async: z.object({ name: z.string().trim().refine(inTime, 'taken') }),
      name: 'Invalid input: expected string, received number',
    },
  ],
  [
    'valibot',
    {
      sync: v.object({
        name: v.pipe(v.string(), v.trim(), v.minLength(2, 'too short')),
        tags: v.optional(v.array(v.string()), []),
      }),
      async: v.objectAsync({ name: v.pipeAsync(v.string(), v.trim(), v.checkAsync(inTime, 'taken')) }),
      name: 'Invalid type: Expected string but received 1',
    },
  ],
];

describe.each(libraries)('a schema of %s', (_library, schemas) => {
  test('gives its output, transformed and with default values, at once when it needs no time', () => {
    expect(schemaCheck(schemas.sync, DEFAULT_LIMITS)({ name: ' ann ' })).toEqual({ name: 'ann', tags: [] });
  });

  test('reports every issue with its path', async () => {
    expect(await issuesOf(schemaCheck(schemas.sync, DEFAULT_LIMITS), { name: 'x', tags: ['a', 1] })).toEqual([
      { path: 'name', constraints: { schema: 'too short' } },
      { path: 'tags.1', constraints: { schema: schemas.name } },
    ]);
  });

  test('is waited for when it needs time', async () => {
    const check = schemaCheck(schemas.async, DEFAULT_LIMITS);
    expect(check({ name: ' ann ' })).toBeInstanceOf(Promise);
    expect(await check({ name: ' ann ' })).toEqual({ name: 'ann' });
    expect(await issuesOf(check, { name: 'taken' })).toEqual([{ path: 'name', constraints: { schema: 'taken' } }]);
  });

  test.each([undefined, null, 'x', 1])('refuses %j as a whole', async (value) => {
    expect(await issuesOf(schemaCheck(schemas.sync, DEFAULT_LIMITS), value)).toEqual([
      { path: '', constraints: { schema: expect.any(String) as string } },
    ]);
  });

  test('says where the value stands in the message', async () => {
    const [issue] = await issuesOf(schemaCheck(schemas.sync, DEFAULT_LIMITS, 'user'), { name: 'x' });
    expect(issue!.path).toBe('user.name');
  });

  test('is known as one', () => {
    expect(isSchema(schemas.sync)).toBe(true);
    expect(isSchema(schemas.async)).toBe(true);
  });
});

function schema(validate: StandardSchema['~standard']['validate']): StandardSchema {
  return { '~standard': { version: 1, vendor: 'test', validate } };
}

test.each<[string, SchemaIssue['path'], string]>([
  ['no path', undefined, ''],
  ['an empty one', [], ''],
  ['keys', ['items', 0, 'name'], 'items.0.name'],
  ['objects with a key, as valibot has', [{ key: 'items' }, { key: 0 }], 'items.0'],
  ['a symbol', [Symbol('s'), 'x'], 'Symbol(s).x'],
])('the path of an issue: %s', async (_what, path, expected) => {
  const check = schemaCheck(
    schema(() => ({ issues: [{ message: 'no', ...(path && { path }) }] })),
    DEFAULT_LIMITS,
  );
  expect(await issuesOf(check, 1)).toEqual([{ path: expected, constraints: { schema: 'no' } }]);
});

test.each([undefined, null, 0, '', false])('an output of %j is an output', async (value) => {
  expect(
    await outcomeOf(
      schemaCheck(
        schema(() => ({ value })),
        DEFAULT_LIMITS,
      ),
      'x',
    ),
  ).toEqual({ value });
});

test('the value that a schema sees is the one that came', () => {
  const seen: unknown[] = [];
  const check = schemaCheck(
    schema((value) => (seen.push(value), { value })),
    DEFAULT_LIMITS,
  );
  const value = { a: 1 };
  check(value);
  expect(seen[0]).toBe(value);
});

test.each([
  ['throws', (): never => fail()],
  ['rejects', async (): Promise<never> => fail()],
])('a schema that %s has failed itself', async (_what, validate) => {
  await expect((async () => schemaCheck(schema(validate), DEFAULT_LIMITS)(1))()).rejects.toThrow('schema broken');
});

function fail(): never {
  throw new Error('schema broken');
}

test('a function can be a schema too, as those of arktype are', () => {
  expect(
    isSchema(
      Object.assign(
        () => {},
        schema(() => ({ value: 1 })),
      ),
    ),
  ).toBe(true);
});

test.each<[string, unknown]>([
  ['undefined', undefined],
  ['null', null],
  ['a string', '~standard'],
  ['a class', class Dto {}],
  ['an object without it', {}],
  ['one with something else by that name', { '~standard': { validate: true } }],
])('%s is no schema', (_what, value) => {
  expect(isSchema(value)).toBe(false);
});
