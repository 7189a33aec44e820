import type { ValidationError, ValidatorOptions } from 'class-validator';
import { dtoLibraries, type Constructor } from '../decorators';
import { PortalError, takeRejection } from '../messages';
import { isObject, REFUSED_NAMES, walkBody, type BodyLimits } from './body-walk';
import { ClassJudge, maxChecksOf, UNKNOWN_VALUE } from './class-judge';
import { ClassPlan, type Answered } from './class-plan';
import { ClassReader } from './class-reader';
import { ClassShapes, Unplannable } from './class-shape';
import { containInstance } from './contained-instance';
import { invalid, Issues, joinPath } from './issues';
import { isCollection, judgeShape } from './nested-shape';
import type { Check } from './type-check';
import { validatorsOf } from './validator-metadata';

/** Options of class-validator. Portal's defaults refuse properties that the class does not name. */
export type ValidationOptions = Pick<
  ValidatorOptions,
  'skipMissingProperties' | 'whitelist' | 'forbidNonWhitelisted' | 'groups' | 'always' | 'stopAtFirstError'
>;

const STRICT = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true } as const;

/** True for a class with decorators of class-validator. */
export function isValidated(type: Constructor): boolean {
  return validatorsOf(type).length > 0;
}

/**
 * Makes an instance by class-transformer's decorators, and validates it by those of class-validator. `path` is the place of the value in the
 * message.
 * @throws Error for a class without possible instances
 */
export function classCheck(type: Constructor, options: ValidationOptions, limits: BodyLimits, path = ''): Check {
  // an option that is there and undefined is none: it must not take the place of what is strict
  const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
  const settings: ValidatorOptions = { ...STRICT, ...given };
  const plan = Object.keys(given).length === 0 ? ClassPlan.of(type) : undefined;
  const check = shapeCheck(type, settings, limits, path) ?? libraryCheck(type, settings, limits, path);
  return (value) => {
    const accepted = plan !== undefined && isObject(value) ? plan.accept(value) : undefined;
    if (accepted !== undefined) return accepted;
    if (!isObject(value) || Array.isArray(value)) {
      throw invalid(path, 'isObject', `${path || 'data'} must be an object`);
    }
    // as codecs bring them; they have no properties that could be missing or wrong
    if (value instanceof Date || isCollection(value)) throw invalid(path, 'unknownValue', UNKNOWN_VALUE);
    return check(value, plan?.takeAnswered());
  };
}

/** `undefined` for a class that needs the libraries themselves. @throws Error for a class without possible instances */
function shapeCheck(
  root: Constructor,
  settings: ValidatorOptions,
  limits: BodyLimits,
  path: string,
): ((value: object, answered?: Answered) => unknown) | undefined {
  const shapes = new ClassShapes(settings);
  try {
    for (const type of shapes.prepare(root)) tryToMake(type);
  } catch (error) {
    if (error instanceof Unplannable) return undefined;
    throw error;
  }
  const maxChecks = maxChecksOf(limits.maxMessageBytes);
  return (value, answered) => {
    const issues = new Issues();
    const judge = new ClassJudge(shapes, issues, maxChecks, path, answered);
    const instance = new ClassReader(shapes, issues, limits, maxChecks, path).readRoot(root, value);
    const { pending } = judge;
    try {
      if (instance !== undefined) judge.judge(instance);
    } catch (error) {
      for (const answer of pending) answer.catch(() => {});
      throw error;
    }
    const verdict = (): object | undefined => {
      if (!issues.isEmpty) throw issues.failure();
      return instance;
    };
    return pending.length === 0 ? verdict() : Promise.all(pending).then(verdict);
  };
}

function tryToMake(type: Constructor): void {
  try {
    new (type as new () => object)();
  } catch (cause) {
    throw new Error(`new ${type.name}() fails: ${String(cause)}. Messages are made instances of it without arguments`, {
      cause,
    });
  }
}

/** Checks with class-transformer and class-validator, which take long for each key, so keys are limited. */
function libraryCheck(
  type: Constructor,
  settings: ValidatorOptions,
  limits: BodyLimits,
  path: string,
): (value: object) => Promise<unknown> {
  const validator = new (dtoLibraries().validator.Validator)();
  const quiet: ValidatorOptions = { ...settings, validationError: { target: false, value: false } };
  return async (value) => {
    walkBody(value, limits, path, REFUSED_NAMES);
    const instance = make(type, value, path);
    const unread = new Issues();
    containInstance(instance, path, unread);
    if (!unread.isEmpty) throw unread.failure();
    // validateSync leaves out what is asynchronous: a check that waits would let everything pass
    const errors = await validator.validate(instance, quiet);
    const issues = new Issues();
    addErrors(errors, path, issues);
    if (issues.isEmpty) judgeShape(instance, path, issues);
    if (!issues.isEmpty) throw issues.failure();
    return instance;
  };
}

function make(type: Constructor, value: object, path: string): object {
  try {
    return dtoLibraries().transformer.plainToInstance(type as new () => object, value);
  } catch (error) {
    if (error instanceof PortalError) throw error;
    takeRejection(error, () => {});
    throw invalid(path, 'transformation', `${path || 'data'} cannot be read`);
  }
}

function addErrors(errors: readonly ValidationError[], parent: string, issues: Issues): void {
  for (const { property, constraints, children } of errors) {
    const path = property === undefined ? parent : joinPath(parent, property);
    for (const [name, message] of Object.entries(constraints ?? {})) issues.add(path, name, message);
    if (children !== undefined) addErrors(children, path, issues);
  }
}
