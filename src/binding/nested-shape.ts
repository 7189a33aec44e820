import { getMetadataStorage } from 'class-validator';
import { issue, type Issue } from './issues';

const NESTED = 'nestedValidation';

/** What a property with `@ValidateNested` may be declared as and still hold several objects. */
const COLLECTIONS = new Set<unknown>([Array, Set, Map, Object, undefined]);

/**
 * What class-validator lets pass under `@ValidateNested`: an array of objects where one is declared, and arrays inside an
 * array. `object` is an instance that was found valid. A property whose type the compiler did not emit may be either.
 */
export function nestedIssues(object: object, path = '', found: Issue[] = []): Issue[] {
  const { constructor } = object;
  for (const { type, propertyName } of getMetadataStorage().getTargetValidationMetadatas(
    constructor,
    '',
    false,
    false,
  )) {
    if (type !== NESTED) continue;
    const value = (object as Record<string, unknown>)[propertyName];
    const place = path === '' ? propertyName : `${path}.${propertyName}`;
    const declared: unknown = Reflect.getMetadata('design:type', constructor.prototype as object, propertyName);
    if (!Array.isArray(value)) {
      if (typeof value === 'object' && value !== null) nestedIssues(value, place, found);
    } else if (!COLLECTIONS.has(declared)) {
      found.push(issue(place, NESTED, `${propertyName} must be an object`));
    } else {
      value.forEach((item: unknown, index) => inArray(item, `${place}.${index}`, propertyName, found));
    }
  }
  return found;
}

function inArray(item: unknown, place: string, property: string, found: Issue[]): void {
  if (Array.isArray(item)) found.push(issue(place, NESTED, `each value in ${property} must be an object`));
  else if (typeof item === 'object' && item !== null) nestedIssues(item, place, found);
}
