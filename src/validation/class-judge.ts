import type { ValidationArguments } from 'class-validator';
import { PortalError, isThenable, takeRejection, saysYes } from '../messages';
import type { Answered } from './class-plan';
import type { CheckedProperty, ClassShapes, ShapeCheck } from './class-shape';
import { invalid, type Issues } from './issues';
import { isCollection, whatElse } from './nested-shape';
import { NESTED, type ValidatorMetadata } from './validator-metadata';

/** class-validator's message for an object of a class that it does not know. */
export const UNKNOWN_VALUE = 'an unknown value was passed to the validate function';

/** The most properties of one message that are checked, absent ones too: some tens of milliseconds for 1 MiB. */
export function maxChecksOf(maxMessageBytes: number): number {
  return Math.max(196_608, Math.floor(maxMessageBytes / 6));
}

/** Stands for a value whose getter throws. */
const UNREADABLE = Symbol('unreadable');

export function tooManyChecks(path: string): PortalError {
  return invalid(path, 'maxChecks', 'these are too many objects to check');
}

/**
 * Calls the validators of class-validator for an instance and all instances in it, as `validate` does, until an error reply is full of
 * issues.
 */
export class ClassJudge {
  /** Promises of asynchronous validators. */
  readonly pending: Promise<void>[] = [];
  private readonly trail: (string | number)[];
  private checks = 0;

  constructor(
    private readonly shapes: ClassShapes,
    private readonly issues: Issues,
    private readonly maxChecks: number,
    path: string,
    private answered?: Answered,
  ) {
    this.trail = path === '' ? [] : [path];
  }

  judge(object: object): void {
    const properties = this.shapes.checksOf(object.constructor);
    this.checks += properties.length;
    if (this.checks > this.maxChecks) throw tooManyChecks(this.trail.join('.'));
    if (properties.length === 0) {
      this.issues.add(this.trail.join('.'), 'unknownValue', UNKNOWN_VALUE);
      return;
    }
    for (const property of properties) this.judgeProperty(property, object as Record<string, unknown>);
  }

  private judgeProperty(
    { name, conditions, checks, nested, declared }: CheckedProperty,
    object: Record<string, unknown>,
  ): void {
    const { skipMissingProperties, stopAtFirstError } = this.shapes.settings;
    const value = this.valueOf(object, name);
    if (value === UNREADABLE) return;
    for (const condition of conditions) if (!saysYes(condition(object, value))) return;
    const isSkipped = skipMissingProperties === true && (value === undefined || value === null);
    for (const check of checks) {
      if (isSkipped && !check.always) return;
      const isRight = this.ask(check, value, object);
      if (!isRight && stopAtFirstError === true) return;
    }
    if (nested === undefined || value === undefined || isSkipped) return;
    this.trail.push(name);
    this.judgeNested(nested, declared, value, object);
    this.trail.pop();
  }

  /** Reads a property. A getter may throw for a value of the peer's. */
  private valueOf(object: Record<string, unknown>, name: string): unknown {
    try {
      return object[name];
    } catch (error) {
      if (error instanceof PortalError) throw error;
      const path = [...this.trail, name].join('.');
      this.issues.add(path, 'transformation', `${path} cannot be read`);
      return UNREADABLE;
    }
  }

  /** False where a validator refuses the value at once. */
  private ask(check: ShapeCheck, value: unknown, object: object): boolean {
    const { metadata } = check;
    if (metadata.validateIf !== undefined && !saysYes(metadata.validateIf(object, value))) return true;
    const args = argumentsFor(metadata, value, object);
    const constraint = (check.constraint ??= check.found.instance);
    const isEach = metadata.each && typeof value === 'object' && value !== null && isCollection(value);
    for (const item of isEach ? value.values() : [value]) {
      const verdict = this.takeAnswer(check) ?? (constraint.validate(item, args) as unknown);
      if (isThenable(verdict)) {
        const refuse = this.refusalOf(check, args);
        this.pending.push(Promise.resolve(verdict).then((answer) => (answer ? undefined : refuse())));
      } else if (!verdict) {
        this.refusalOf(check, args)();
        return false;
      }
    }
    return true;
  }

  /** The answer that the plan got already. A plan is for a class without nested ones. */
  private takeAnswer({ found, metadata }: ShapeCheck): PromiseLike<unknown> | undefined {
    const { answered } = this;
    if (answered?.found !== found || answered.property !== metadata.propertyName) return undefined;
    this.answered = undefined;
    return answered.verdict;
  }

  private refusalOf({ metadata, found, constraint }: ShapeCheck, args: ValidationArguments): () => void {
    const path = [...this.trail, metadata.propertyName].join('.');
    return () => {
      const text = messageOf(metadata, args, () => constraint?.defaultMessage?.(args) ?? '');
      this.issues.add(path, found.name || metadata.type, text);
    };
  }

  private judgeNested(metadata: ValidatorMetadata, declared: unknown, value: unknown, object: object): void {
    if (typeof value !== 'object' || value === null) return this.judgeItem(metadata, value, object);
    const wanted = whatElse(value, declared);
    if (wanted !== undefined) this.refuse(`${metadata.propertyName} must be ${wanted}`);
    else if (!isCollection(value)) this.judge(value);
    else if (value instanceof Map)
      for (const [key, item] of value as ReadonlyMap<string, unknown>) this.judgeUnder(key, metadata, item, object);
    else {
      let index = 0;
      for (const item of value) this.judgeUnder(index++, metadata, item, object);
    }
  }

  private judgeUnder(key: string | number, metadata: ValidatorMetadata, item: unknown, object: object): void {
    this.trail.push(key);
    this.judgeItem(metadata, item, object);
    this.trail.pop();
  }

  private judgeItem(metadata: ValidatorMetadata, item: unknown, object: object): void {
    if (item === undefined) return;
    if (typeof item !== 'object' || item === null)
      this.refuse(messageOf(metadata, argumentsFor(metadata, item, object)));
    else if (isCollection(item)) this.refuse(`each value in ${metadata.propertyName} must be an object`);
    else this.judge(item);
  }

  private refuse(message: string): void {
    this.issues.add(this.trail.join('.'), NESTED, message);
  }
}

function argumentsFor(
  { constraints, propertyName }: ValidatorMetadata,
  value: unknown,
  object: object,
): ValidationArguments {
  return {
    targetName: object.constructor.name,
    property: propertyName,
    object,
    value,
    constraints: constraints as unknown[],
  };
}

/** A message with class-validator's tokens replaced. */
function messageOf({ message }: ValidatorMetadata, args: ValidationArguments, byDefault = (): string => ''): string {
  const chosen: unknown = message || byDefault();
  const told = typeof chosen === 'function' ? (chosen as (args: ValidationArguments) => unknown)(args) : chosen;
  takeRejection(told, () => {});
  let text = String(told);
  if (!text.includes('$')) return text;
  (args.constraints as unknown[] | undefined)?.forEach((constraint, index) => {
    text = text.replaceAll(`$constraint${index + 1}`, () => textOf(constraint));
  });
  const value: unknown = args.value;
  if (['string', 'boolean', 'number'].includes(typeof value)) text = text.replaceAll('$value', () => String(value));
  return text.replaceAll('$property', () => args.property).replaceAll('$target', () => args.targetName);
}

function textOf(constraint: unknown): string {
  if (Array.isArray(constraint)) return constraint.join(', ');
  return typeof constraint === 'symbol' ? (constraint.description ?? '') : String(constraint);
}
