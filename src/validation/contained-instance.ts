import { PortalError, takeRejection } from '../messages';
import { isObject } from './body-walk';
import { joinPath, type Issues } from './issues';
import { entriesOf, isCollection } from './nested-shape';
import { CONDITIONAL, validatorsOf, type ValidatorMetadata } from './validator-metadata';

type Users = (...args: unknown[]) => unknown;

/** Metadata that is contained already: subclasses share it. */
const contained = new WeakSet<ValidatorMetadata>();

/**
 * Prepares an instance for class-validator's `validate`, so that users' code in it does no harm: a getter that throws is an issue, and a
 * promise that nobody waits for (of a `@Transform`, a condition, a message) may reject.
 */
export function containInstance(root: object, path: string, issues: Issues): void {
  const seen = new Set<object>();
  const visit = (value: unknown, place: string): void => {
    if (!isObject(value) || seen.has(value)) return;
    seen.add(value);
    takeRejection(value, ignore);
    if (isCollection(value)) {
      for (const [key, item] of entriesOf(value)) visit(item, joinPath(place, key));
      return;
    }
    const checks = validatorsOf(value.constructor);
    checks.forEach(contain);
    for (const name of new Set([...Object.keys(value), ...checks.map(({ propertyName }) => propertyName)])) {
      const inside = joinPath(place, name);
      visit(read(value as Record<string, unknown>, name, inside, issues), inside);
    }
  };
  visit(root, path);
}

function read(object: Record<string, unknown>, name: string, place: string, issues: Issues): unknown {
  try {
    return object[name];
  } catch (error) {
    if (error instanceof PortalError) throw error;
    takeRejection(error, ignore);
    issues.add(place, 'transformation', `${place} cannot be read`);
    return undefined;
  }
}

function contain(metadata: ValidatorMetadata): void {
  if (contained.has(metadata)) return;
  contained.add(metadata);
  const { type, message, validateIf } = metadata;
  const constraints = metadata.constraints as Users[];
  if (type === CONDITIONAL) constraints[0] = hearing(constraints[0]!);
  if (typeof message === 'function') {
    const tell = hearing(message as Users);
    metadata.message = (args) => String(tell(args));
  }
  if (validateIf !== undefined) metadata.validateIf = hearing(validateIf as Users) as typeof validateIf;
}

function hearing(call: Users): Users {
  return (...args) => {
    const answer = call(...args);
    takeRejection(answer, ignore);
    return answer;
  };
}

function ignore(): void {}
