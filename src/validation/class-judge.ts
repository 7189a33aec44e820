import type { ValidationArguments } from 'class-validator';
import { PortalError } from '../messages';
import { isThenable, takeRejection } from '../messages';
import type { Answered } from './class-plan';
import type { CheckedProperty, ClassShapes, ShapeCheck, ValidationMetadata } from './class-shape';
import { invalid, type Issues } from './issues';
import { isCollection, NESTED, whatElse } from './nested-shape';
import { saysYes } from '../messages';

/** What class-validator says of an object whose class it does not know. */
export const UNKNOWN_VALUE = 'an unknown value was passed to the validate function';

/** Properties of one message that are checked, those among them that are not there: some tens of milliseconds for 1 MiB. */
export function maxChecksOf(maxMessageBytes: number): number {
  return Math.max(196_608, Math.floor(maxMessageBytes / 6));
}

/** In place of a value whose getter throws. */
const UNREADABLE = Symbol('unreadable');

export function tooManyChecks(path: string): PortalError {
  return invalid(path, 'maxChecks', 'these are too many objects to check');
}

/**
 * Asks the validators of class-validator about an instance and all that stands in it, as its `validate` does, until there are more issues
 * than an error reply lists.
 */
export class ClassJudge {
  /** Answers that need time. */
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

  /** A getter of the class may throw for what the peer sent, as a setter may. */
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

  /** False where the answer is no, at once. */
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

  /** What the plan has asked, which knows no class with others in it. */
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

  private judgeNested(metadata: ValidationMetadata, declared: unknown, value: unknown, object: object): void {
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

  private judgeUnder(key: string | number, metadata: ValidationMetadata, item: unknown, object: object): void {
    this.trail.push(key);
    this.judgeItem(metadata, item, object);
    this.trail.pop();
  }

  private judgeItem(metadata: ValidationMetadata, item: unknown, object: object): void {
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
  { constraints, propertyName }: ValidationMetadata,
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

/** With the tokens of class-validator replaced. */
function messageOf({ message }: ValidationMetadata, args: ValidationArguments, byDefault = (): string => ''): string {
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
