import type { SchemaIssue, SchemaResult, StandardSchema } from '../decorators';
import { issue, validationFailed } from './issues';
import { then } from './thenable';
import type { Check } from './type-check';

export function isSchema(value: unknown): value is StandardSchema {
  if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return false;
  const standard = (value as Partial<StandardSchema>)['~standard'];
  return typeof standard?.validate === 'function';
}

/** Validates by a Standard Schema; what it returns is the schema's output. `path`: where the value stands in the message. */
export function schemaCheck(schema: StandardSchema, path = ''): Check {
  return (value) => then(schema['~standard'].validate(value), (result) => outputOf(result, path));
}

function outputOf(result: SchemaResult, parent: string): unknown {
  if (result.issues === undefined) return result.value;
  throw validationFailed(result.issues.map((found) => issue(pathOf(found, parent), 'schema', found.message)));
}

function pathOf({ path = [] }: SchemaIssue, parent: string): string {
  const keys = path.map((segment) => String(typeof segment === 'object' ? segment.key : segment));
  return (parent === '' ? keys : [parent, ...keys]).join('.');
}
