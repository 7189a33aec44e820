import * as v from 'valibot';
import * as z from 'zod';
import * as mini from 'zod/mini';
import { z as three } from 'zod/v3';
import { schemaCheck } from '../../src/validation/schema-check';
import { validateOf } from '../../src/validation/zod-schema';
import type { StandardSchema } from '../../src/decorators';
import { issuesOf } from '../support/checks';
import { DEFAULT_LIMITS } from '../../src/engine';

const failure = new Error('the failure');
let calls = 0;
beforeEach(() => void (calls = 0));

const holds = async (value: unknown): Promise<boolean> => {
  calls++;
  await Promise.resolve();
  return value !== 'wrong';
};
const plain = (value: unknown): Promise<boolean> => holds(value);
const fails = async (): Promise<never> => {
  calls++;
  await Promise.resolve();
  throw failure;
};

const ASYNC: [string, (check: (value: unknown) => Promise<boolean>) => StandardSchema][] = [
  ['refine', (check) => z.string().refine(check, 'no')],
  ['refine, deep inside', (check) => z.object({ items: z.array(z.union([z.number(), z.string().refine(check)])) })],
  [
    'superRefine',
    (check) => z.string().superRefine(async (value, context) => void ((await check(value)) || context.addIssue('no'))),
  ],
  [
    'check',
    (check) =>
      z
        .string()
        .check(
          async ({ value, issues }) => void ((await check(value)) || issues.push({ code: 'custom', input: value })),
        ),
  ],
  ['transform', (check) => z.string().transform(async (value) => ((await check(value)) ? value : z.NEVER))],
  ['preprocess', (check) => z.preprocess(async (value) => ((await check(value)) ? value : 1), z.string())],
  ['custom', (check) => z.lazy(() => z.string().refine(check))],
  [
    'a codec',
    (check) =>
      z.codec(z.string(), z.string(), {
        decode: async (value) => ((await check(value)) ? value : ''),
        encode: (value) => value,
      }),
  ],
  ['zod/mini', (check) => mini.object({ name: mini.string().check(mini.refine(check)) })],
  ['zod 3', (check) => three.object({ name: three.string().refine(check) })],
  [
    'zod 3, superRefine',
    (check) =>
      three
        .string()
        .superRefine(async (value, context) => void ((await check(value)) || context.addIssue({ code: 'custom' }))),
  ],
  [
    'valibot',
    (check) =>
      v.pipeAsync(
        v.string(),
        v.checkAsync((value) => check(value)),
      ),
  ],
];

/** What fits each of them, with a text in it. */
const bodyOf = (what: string, text: string): unknown => {
  if (what === 'refine, deep inside') return { items: [1, text] };
  return what === 'zod/mini' || what === 'zod 3' ? { name: text } : text;
};

describe.each(ASYNC)('%s', (what, schemaWith) => {
  test.each([
    ['async', holds],
    ['that returns a promise', plain],
  ])('a function %s runs once for each message, also for the first', async (_kind, check) => {
    const checked = schemaCheck(schemaWith(check), DEFAULT_LIMITS);
    for (let message = 1; message <= 3; message++) {
      expect(await checked(bodyOf(what, 'right'))).toEqual(bodyOf(what, 'right'));
      expect(calls).toBe(message);
    }
  });

  test('one that says no runs once too', async () => {
    if (what === 'transform' || what === 'a codec') return;
    expect(await issuesOf(schemaCheck(schemaWith(holds), DEFAULT_LIMITS), bodyOf(what, 'wrong'))).toHaveLength(1);
    expect(calls).toBe(1);
  });

  test('what it rejects with is the failure of the handler, and of nobody else', async () => {
    await expect(schemaCheck(schemaWith(fails), DEFAULT_LIMITS)(bodyOf(what, 'x'))).rejects.toBe(failure);
    expect(calls).toBe(1);
  });
});

test('several that reject are one failure', async () => {
  const schema = z.object({
    a: z.string().refine(fails),
    b: z.string().refine(fails),
    c: z.array(z.string().refine(fails)),
  });
  await expect(schemaCheck(schema, DEFAULT_LIMITS)({ a: '', b: '', c: ['', ''] })).rejects.toBe(failure);
  expect(calls).toBe(4);
});

test.each<[string, StandardSchema, unknown]>([
  ['texts', z.string('no').trim().min(1, 'short').max(9).regex(/x/).toLowerCase(), 'x'],
  ['formats', z.object({ id: z.uuid(), at: z.iso.datetime(), mail: z.email('no') }), {}],
  ['collections', z.object({ a: z.array(z.map(z.string(), z.set(z.bigint()))), b: z.record(z.string(), z.any()) }), {}],
  [
    'defaults',
    z.object({ a: z.string().default('x'), b: z.number().catch(() => 5), c: z.number().default(() => 5) }),
    {},
  ],
  [
    'choices',
    z.discriminatedUnion('kind', [z.object({ kind: z.literal('a') }), z.object({ kind: z.enum(['b', 'c']) })]),
    {},
  ],
  ['zod/mini', mini.object({ a: mini.optional(mini.string().check(mini.minLength(2))) }), {}],
  [
    'zod 3',
    three.object({ a: three.string().trim().min(2).optional(), b: three.array(three.number()).default([]) }),
    {},
  ],
])('a schema without functions of the user’s takes no time: %s', (_what, schema, value) => {
  expect(validateOf(schema)(value)).not.toBeInstanceOf(Promise);
});

test('a schema that contains itself is looked at once', () => {
  const Tree: z.ZodType = z.object({
    name: z.string(),
    get children() {
      return z.array(Tree);
    },
  });
  expect(validateOf(Tree)({ name: 'a', children: [{ name: 'b', children: [] }] })).toMatchObject({
    value: { name: 'a' },
  });
});

test('one that cannot be looked through is given time', async () => {
  const schema = z.object({
    get later(): z.ZodString {
      throw new Error('not yet');
    },
  });
  expect(validateOf(schema)).toBeInstanceOf(Function);
});
