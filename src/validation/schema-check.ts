import type { SchemaResult, StandardSchema } from '../decorators';
import { takeRejection, then } from '../messages';
import { isObject, walkBody, type BodyLimits } from './body-walk';
import { Issues, joinPath } from './issues';
import type { Check } from './type-check';
import { validateOf } from './zod-schema';

export function isSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as Partial<StandardSchema>)['~standard'];
  return typeof standard?.validate === 'function';
}

/** Validates with a Standard Schema, and returns the schema's output. `path` is the place of the value in the message. */
export function schemaCheck(schema: StandardSchema, limits: BodyLimits, path = ''): Check {
  const validate = validateOf(schema);
  return (value) => {
    if (isObject(value)) walkBody(value, limits, path);
    return then(validate(value), (result) => outputOf(result, path));
  };
}

function outputOf(result: SchemaResult, parent: string): unknown {
  if (result.issues === undefined) return result.value;
  const issues = new Issues();
  for (const { path = [], message } of result.issues) {
    const keys = path.map((segment) => (typeof segment === 'object' ? segment.key : segment));
    takeRejection(message, () => {});
    issues.add(keys.map(String).reduce(joinPath, parent), 'schema', String(message));
  }
  throw issues.failure();
}
