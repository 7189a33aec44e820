import type { SchemaResult, StandardSchema } from '../decorators';

type Validate = (value: unknown) => SchemaResult | Promise<SchemaResult>;

/** A schema of zod. */
interface ZodSchema extends StandardSchema {
  safeParseAsync(value: unknown): Promise<{ success: true; data: unknown } | { success: false; error: SchemaIssues }>;
}

type SchemaIssues = Extract<SchemaResult, { issues: readonly unknown[] }>;

/**
 * The function that validates with a schema. The `~standard` of zod tries at once, and again where the schema turns out to be asynchronous:
 * users' functions run twice, and nobody hears rejections of the first time. So a zod schema with users' functions is asked for a promise.
 */
export function validateOf(schema: StandardSchema): Validate {
  const { '~standard': standard } = schema;
  if (!isZod(schema) || !callsUsersCode(schema)) return (value) => standard.validate(value);
  return async (value) => {
    const result = await schema.safeParseAsync(value);
    return result.success ? { value: result.data } : { issues: result.error.issues };
  };
}

function isZod(schema: StandardSchema): schema is ZodSchema {
  return schema['~standard'].vendor === 'zod' && typeof (schema as Partial<ZodSchema>).safeParseAsync === 'function';
}

/** Functions that zod calls without waiting for their answers. */
const SYNCHRONOUS = new Set(['error', 'errorMap', 'tx', 'when', 'defaultValue', 'catchValue']);

/** True for a schema with users' functions, by the definitions of zod 4 (`_zod.def`) and zod 3 (`_def`), and where that cannot be told. */
function callsUsersCode(root: object): boolean {
  const seen = new Set<unknown>();
  const visit = (value: unknown): boolean => {
    if (typeof value === 'function') return true;
    if (typeof value !== 'object' || value === null || value instanceof RegExp || seen.has(value)) return false;
    seen.add(value);
    const { _zod: four, _def: three } = value as { _zod?: { def: object }; _def?: object };
    const parts = four?.def ?? three ?? value;
    // superRefine and check keep their function elsewhere
    if ((parts as { check?: unknown }).check === 'custom') return true;
    return Object.keys(parts).some((key) => {
      if (SYNCHRONOUS.has(key)) return false;
      const part = (parts as Record<string, unknown>)[key];
      // zod 3 has the properties of an object as a function
      return visit(key === 'shape' && typeof part === 'function' ? (part as () => unknown)() : part);
    });
  };
  try {
    return visit(root);
  } catch {
    return true;
  }
}
