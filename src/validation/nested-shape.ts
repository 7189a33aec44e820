import { joinPath, type Issues } from './issues';
import { NESTED, validatorsOf } from './validator-metadata';

/** The values of a message that class-transformer converts to these types. */
const SENT_AS = new Map<unknown, string>([
  [Array, 'an array'],
  [Set, 'an array'],
  [Map, 'an object'],
]);

/**
 * Finds mistakes that class-validator lets pass under `@ValidateNested`: several objects where one is declared, one where several are, and
 * arrays inside an array. `object` is an instance that class-validator found valid. A property without an emitted type may be either.
 */
export function judgeShape(object: object, path: string, issues: Issues): void {
  const { constructor } = object;
  for (const { type, propertyName } of validatorsOf(constructor)) {
    if (type !== NESTED) continue;
    const value = (object as Record<string, unknown>)[propertyName];
    if (typeof value !== 'object' || value === null) continue;
    const place = joinPath(path, propertyName);
    const declared: unknown = Reflect.getMetadata('design:type', constructor.prototype as object, propertyName);
    const wanted = whatElse(value, declared);
    if (wanted !== undefined) issues.add(place, NESTED, `${propertyName} must be ${wanted}`);
    else if (!isCollection(value)) judgeShape(value, place, issues);
    else for (const [key, item] of entriesOf(value)) inCollection(item, joinPath(place, key), propertyName, issues);
  }
}

/** The value that the peer should have sent; `undefined` where the value fits its declaration, or the declaration tells nothing. */
export function whatElse(value: object, declared: unknown): string | undefined {
  if (typeof declared !== 'function' || declared === Object) return undefined;
  if (value instanceof declared) return undefined;
  return SENT_AS.get(declared) ?? (isCollection(value) ? 'an object' : undefined);
}

export type Collection = readonly unknown[] | ReadonlySet<unknown> | ReadonlyMap<string, unknown>;

export function isCollection(value: object): value is Collection {
  return Array.isArray(value) || value instanceof Set || value instanceof Map;
}

export function entriesOf(value: Collection): Iterable<[number | string, unknown]> {
  return value instanceof Map ? value : [...(value as Iterable<unknown>)].entries();
}

function inCollection(item: unknown, place: string, property: string, issues: Issues): void {
  if (typeof item !== 'object' || item === null) return;
  if (isCollection(item)) issues.add(place, NESTED, `each value in ${property} must be an object`);
  else judgeShape(item, place, issues);
}
