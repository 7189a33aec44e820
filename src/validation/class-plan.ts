import type { ValidatorConstraintInterface } from 'class-validator';
import type { Constructor } from '../decorators';
import { isThenable, takeRejection, saysYes } from '../messages';
import { isTransformed } from './transform-metadata';
import {
  ALLOWED,
  CONDITIONAL,
  constraintsOf,
  CUSTOM,
  validatorsByProperty,
  type ConstraintMetadata,
  type ValidatorMetadata,
} from './validator-metadata';

/** One decorator of a property. */
interface PlannedCheck {
  readonly found: ConstraintMetadata;
  /** Made at the first message by class-validator's container, which may be the application's then. */
  constraint?: ValidatorConstraintInterface;
  readonly each: boolean;
  readonly constraints: unknown[];
  readonly validateIf: ValidatorMetadata['validateIf'];
}

/** An answer that a validator gave to a value which is judged again. */
export interface Answered {
  readonly found: ConstraintMetadata;
  readonly property: string;
  readonly verdict: PromiseLike<unknown>;
}

interface PlannedProperty {
  readonly name: string;
  /** Conditions such as `@IsOptional` and `@ValidateIf`. Where one of them is false, nothing is checked. */
  readonly conditions: readonly ((object: object, value: unknown) => boolean)[];
  readonly checks: readonly PlannedCheck[];
}

/**
 * Finds valid flat objects in an eighth of class-validator's time, by calling its validators in a loop that was laid out once. A nested
 * object, an unknown property or a value that a validator refuses is left to `ClassReader` and `ClassJudge`: a plan says yes or nothing.
 */
export class ClassPlan {
  private usable = true;
  private answered: Answered | undefined;

  private constructor(
    private readonly type: new () => object,
    private readonly properties: readonly PlannedProperty[],
    private readonly names: ReadonlySet<string>,
  ) {}

  /** `undefined` for a class that needs more than a plan repeats. */
  static of(type: Constructor): ClassPlan | undefined {
    const grouped = validatorsByProperty(type);
    const properties: PlannedProperty[] = [];
    for (const [name, metadata] of grouped) {
      const property = plan(name, metadata);
      // class-transformer sets no property that the prototype has
      if (property === undefined || name in (type.prototype as object)) return undefined;
      properties.push(property);
    }
    const names = new Set(grouped.map(([name]) => name));
    if (isTransformed(type, names)) return undefined;
    return new ClassPlan(type as new () => object, properties, names);
  }

  /** The asynchronous answers for the last value, which need not be asked for again. */
  takeAnswered(): Answered | undefined {
    const { answered } = this;
    this.answered = undefined;
    return answered;
  }

  /** The instance of a valid value; `undefined` for a value that the plan does not decide. */
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

  /** `undefined` where the constructor throws, which `ClassReader` reports. */
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

/** `undefined` for a property with a decorator that a plan does not repeat. */
function plan(name: string, all: readonly ValidatorMetadata[]): PlannedProperty | undefined {
  const conditions: PlannedProperty['conditions'][number][] = [];
  const checks: PlannedCheck[] = [];
  for (const metadata of all) {
    const { type, constraints, validateIf, each } = metadata;
    if (type === ALLOWED) continue;
    if (type === CONDITIONAL) {
      conditions.push((constraints as PlannedProperty['conditions'][number][])[0]!);
      continue;
    }
    if (type !== CUSTOM) return undefined;
    for (const found of constraintsOf(metadata)) {
      if (found.async) return undefined;
      checks.push({ found, constraints: constraints as unknown[], each, validateIf });
    }
  }
  return { name, conditions, checks };
}
