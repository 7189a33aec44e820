import { getMetadataStorage } from 'class-validator';
import { issue, type Issue } from './issues';

const NESTED = 'nestedValidation';

/** Of what class-transformer makes these, where a property is declared as one. */
const SENT_AS = new Map<unknown, string>([
  [Array, 'an array'],
  [Set, 'an array'],
  [Map, 'an object'],
]);

/**
 * What class-validator lets pass under `@ValidateNested`: several objects where one is declared and the other way round,
 * and arrays inside an array. `object` is an instance that was found valid. A property whose type the compiler did not emit
 * may be either.
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
    if (typeof value !== 'object' || value === null) continue;
    const place = path === '' ? propertyName : `${path}.${propertyName}`;
    const declared: unknown = Reflect.getMetadata('design:type', constructor.prototype as object, propertyName);
    const wanted = whatElse(value, declared);
    if (wanted !== undefined) found.push(issue(place, NESTED, `${propertyName} must be ${wanted}`));
    else if (!isCollection(value)) nestedIssues(value, place, found);
    else for (const [key, item] of entriesOf(value)) inCollection(item, `${place}.${key}`, propertyName, found);
  }
  return found;
}

/** What the peer should have sent; undefined where the value is like its declaration, or that tells nothing. */
function whatElse(value: object, declared: unknown): string | undefined {
  if (typeof declared !== 'function' || declared === Object) return undefined;
  if (value instanceof declared) return undefined;
  return SENT_AS.get(declared) ?? (isCollection(value) ? 'an object' : undefined);
}

type Collection = readonly unknown[] | ReadonlySet<unknown> | ReadonlyMap<string, unknown>;

function isCollection(value: object): value is Collection {
  return Array.isArray(value) || value instanceof Set || value instanceof Map;
}

function entriesOf(value: Collection): Iterable<[number | string, unknown]> {
  return value instanceof Map ? value : [...(value as Iterable<unknown>)].entries();
}

function inCollection(item: unknown, place: string, property: string, found: Issue[]): void {
  if (typeof item !== 'object' || item === null) return;
  if (isCollection(item)) found.push(issue(place, NESTED, `each value in ${property} must be an object`));
  else nestedIssues(item, place, found);
}
