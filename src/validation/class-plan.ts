import { getMetadataStorage, type ValidatorConstraintInterface } from 'class-validator';
import type { Constructor } from '../decorators';
import { isThenable, takeRejection } from '../messages';
import { saysYes } from '../messages';
import { isTransformed } from './transform-metadata';

type Storage = ReturnType<typeof getMetadataStorage>;
type Metadata = ReturnType<Storage['getTargetValidationMetadatas']>[number];
type Constraint = ReturnType<Storage['getTargetValidatorConstraints']>[number];

/** One decorator of a property. */
interface PlannedCheck {
  readonly found: Constraint;
  /** Made by the container that class-validator has when the first message comes, which may be the application's. */
  constraint?: ValidatorConstraintInterface;
  readonly each: boolean;
  readonly constraints: unknown[];
  readonly validateIf: Metadata['validateIf'];
}

/** What a validator has said already, to a value of a message that is judged again. */
export interface Answered {
  readonly found: Constraint;
  readonly property: string;
  readonly verdict: PromiseLike<unknown>;
}

interface PlannedProperty {
  readonly name: string;
  /** `@IsOptional`, `@ValidateIf`: where one says no, nothing is checked. */
  readonly conditions: readonly ((object: object, value: unknown) => boolean)[];
  readonly checks: readonly PlannedCheck[];
}

/** What of class-validator is repeated here; a property with anything else has no plan. */
const CUSTOM = 'customValidation';
const CONDITIONAL = 'conditionalValidation';
const ALLOWED = 'whitelistValidation';

/**
 * A short way through class-validator for flat objects that are valid, an eighth of the time: the validators are its own,
 * called in a loop that was laid out once. Whatever else comes (a nested object, an unknown property, a value that one of
 * them refuses) is left to `ClassReader` and `ClassJudge`, so this can only ever say yes.
 */
export class ClassPlan {
  private usable = true;
  private answered: Answered | undefined;

  private constructor(
    private readonly type: new () => object,
    private readonly properties: readonly PlannedProperty[],
    private readonly names: ReadonlySet<string>,
  ) {}

  /** Undefined for a class that needs more than is repeated here. */
  static of(type: Constructor): ClassPlan | undefined {
    const storage = getMetadataStorage();
    const grouped = storage.groupByPropertyName(storage.getTargetValidationMetadatas(type, '', false, false));
    const properties: PlannedProperty[] = [];
    for (const [name, metadata] of Object.entries(grouped)) {
      const property = plan(name, metadata);
      // class-transformer sets no property that the prototype has
      if (property === undefined || name in (type.prototype as object)) return undefined;
      properties.push(property);
    }
    const names = new Set(Object.keys(grouped));
    if (isTransformed(type, names)) return undefined;
    return new ClassPlan(type as new () => object, properties, names);
  }

  /** What was asked for the last value and needs time: it need not be asked again. */
  takeAnswered(): Answered | undefined {
    const { answered } = this;
    this.answered = undefined;
    return answered;
  }

  /** The instance, when the value is valid; undefined when that is for class-validator to say. */
  accept(value: object): object | undefined {
    // what is no plain object (a timestamp of MessagePack) class-transformer makes something else of
    if (!this.usable || Object.getPrototypeOf(value) !== Object.prototype) return undefined;
    const instance = this.make();
    if (instance === undefined) return undefined;
    // a field without a decorator is there all the same, and unknown
    for (const name in instance) if (!this.names.has(name)) return undefined;
    for (const name of Object.keys(value)) {
      const item = (value as Record<string, unknown>)[name];
      if (typeof item === 'object' && item !== null) return undefined;
      if (!this.names.has(name) || typeof instance[name] === 'function') return undefined;
      instance[name] = item;
    }
    for (const property of this.properties) if (!this.holds(property, instance)) return undefined;
    return instance;
  }

  /** Undefined where the constructor throws, which is for others to say. */
  private make(): Record<string, unknown> | undefined {
    try {
      return new this.type() as Record<string, unknown>;
    } catch (error) {
      takeRejection(error, () => {});
      return undefined;
    }
  }

  private holds({ name, conditions, checks }: PlannedProperty, object: Record<string, unknown>): boolean {
    const value = object[name];
    for (const condition of conditions) if (!saysYes(condition(object, value))) return true;
    for (const check of checks) {
      const { constraints, each, validateIf } = check;
      if (validateIf !== undefined && !saysYes(validateIf(object, value))) continue;
      // a default value, of whose elements each is to be checked
      if (each && typeof value === 'object' && value !== null) return false;
      const targetName = this.type.name;
      check.constraint ??= check.found.instance;
      const verdict = check.constraint.validate(value, { value, constraints, targetName, object, property: name });
      if (verdict === true) continue;
      if (isThenable(verdict)) {
        // one that needs time is asked once for each message: from the next on by `ClassJudge`
        this.usable = false;
        takeRejection(verdict, () => {});
        this.answered = { found: check.found, property: name, verdict };
      }
      return false;
    }
    return true;
  }
}

function plan(name: string, metadata: readonly Metadata[]): PlannedProperty | undefined {
  const storage = getMetadataStorage();
  const conditions: PlannedProperty['conditions'][number][] = [];
  const checks: PlannedCheck[] = [];
  for (const { type, constraints, constraintCls, validateIf, each } of metadata) {
    if (type === ALLOWED) continue;
    if (type === CONDITIONAL) {
      conditions.push((constraints as PlannedProperty['conditions'][number][])[0]!);
      continue;
    }
    if (type !== CUSTOM) return undefined;
    for (const found of storage.getTargetValidatorConstraints(constraintCls)) {
      if (found.async) return undefined;
      checks.push({ found, constraints: constraints as unknown[], each, validateIf });
    }
  }
  return { name, conditions, checks };
}
