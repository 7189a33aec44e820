import { BootError, type Constructor } from '../decorators';
import { isValidated } from './class-check';
import { howMade } from './transform-metadata';
import { NESTED, validatorsOf } from './validator-metadata';

/** Types that say nothing of their items. */
const COLLECTIONS = new Set<unknown>([Array, Set, Map]);

/**
 * Objects in a body are checked only with two decorators: `@ValidateNested()` and `@Type(() => Item)`. With one of them each message would be
 * refused, or not checked. `place` names the parameter.
 * @throws BootError for a property of the class, or of a class nested in it, that lacks one of the two
 */
export function checkNested(type: Constructor, place: string, seen = new Set<unknown>()): void {
  if (seen.has(type)) return;
  seen.add(type);
  for (const [property, isNested] of propertiesOf(type)) {
    const making = howMade(type, property);
    // what a function of the user's makes of a value, or for each message anew, nobody knows at boot
    if (making === undefined || making === 'its own way') continue;
    const declared: unknown = Reflect.getMetadata('design:type', type.prototype as object, property);
    const wrong = isNested ? whyNotMade(making, declared) : whyNotChecked(making, declared);
    if (wrong !== undefined) throw new BootError(`${place}: ${type.name}.${property} ${wrong}`);
    for (const nested of making) if (isDto(nested)) checkNested(nested, place, seen);
  }
}

/** The properties with decorators of class-validator; true for those with `@ValidateNested()`. */
function propertiesOf(type: Constructor): Map<string, boolean> {
  const properties = new Map<string, boolean>();
  for (const metadata of validatorsOf(type)) {
    const { propertyName, type: kind } = metadata;
    properties.set(propertyName, properties.get(propertyName) === true || kind === NESTED);
  }
  return properties;
}

/** Says why no instance of a class would stand under `@ValidateNested()`. */
function whyNotMade(made: readonly unknown[], declared: unknown): string | undefined {
  if (made.length === 0) {
    return (
      `has @ValidateNested() but no @Type(), so it would never be valid. Write @Type(() => ${nameFor(declared)}). If that is there, ` +
      'class-transformer is installed twice (npm ls class-transformer).'
    );
  }
  if (made.every((nested) => typeof nested === 'function')) return undefined;
  return (
    `has a @Type() whose function returns ${made.some(Array.isArray) ? 'an array' : 'no class'}. Write @Type(() => ${nameFor(declared)}), the ` +
    'class of one item; where files import each other, that may be undefined.'
  );
}

/** Says why a value without `@ValidateNested()` would not be checked. */
function whyNotChecked(made: readonly unknown[], declared: unknown): string | undefined {
  const dto = [...made, declared].find(isDto);
  if (dto === undefined) return undefined;
  const { name } = dto;
  const type = made.length > 0 ? '' : ` and @Type(() => ${name})`;
  const each = COLLECTIONS.has(declared) ? '{ each: true }' : '';
  return `is a ${name}, whose decorators nobody would look at. Add @ValidateNested(${each})${type}.`;
}

function isDto(type: unknown): type is Constructor {
  return typeof type === 'function' && isValidated(type as Constructor);
}

function nameFor(declared: unknown): string {
  const isKnown = typeof declared === 'function' && declared !== Object && !COLLECTIONS.has(declared);
  return isKnown ? declared.name : 'Item';
}
