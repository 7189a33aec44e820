import type { BodyShape, Constructor } from '../decorators';
import { ownClass } from '../copies';
import { MessageStream } from '../connection';
import type { BodyLimits } from '../validation';
import { BootError } from '../decorators';
import { classCheck, isValidated, type ValidationOptions } from '../validation';
import { checkNested } from '../validation';
import { isSchema, schemaCheck } from '../validation';
import { checkOf, type Check } from '../validation';

/**
 * What a handler takes for its body: a kind of message, whatever comes, whatever comes while it arrives, or what the codec
 * makes of a message.
 */
export type BodyType = 'text' | 'binary' | 'any' | 'stream' | 'value';

export interface Body {
  readonly type: BodyType;
  /** Undefined where there is nothing to check. */
  readonly check: Check | undefined;
  /** Whether the check may return a promise. */
  readonly mayWait: boolean;
  /** Whether the handler takes it where it is absent too: `page?: number` cannot be told from `page: number`. */
  readonly isOptional?: boolean;
}

const MESSAGE_TYPES = new Map<unknown, BodyType>([
  [String, 'text'],
  [Uint8Array, 'binary'],
  [Buffer, 'binary'],
  [MessageStream, 'stream'],
]);

const NO_CLASS = new Set<unknown>([Number, Boolean, BigInt, Symbol, Array, Function, Promise, Map, Set, Date, RegExp]);

/** What stands in a declaration of a body. */
export interface BodyDeclaration {
  /** Such as `ChatController.join, parameter 1 (body)`. */
  readonly place: string;
  /** Undefined where the compiler emitted none. */
  readonly type: unknown;
  readonly shape: BodyShape | undefined;
  readonly field: string | undefined;
  readonly validation: ValidationOptions;
  readonly limits: BodyLimits;
}

/** The body of a handler for messages that are no events. @throws BootError for what no message becomes */
export function messageBody(declaration: BodyDeclaration): Body {
  const { place, field } = declaration;
  const type = declaredType(declaration);
  if (field !== undefined) return valueBody(declaration, type);
  // the type is that of a schema's output, which is as a rule its input's too
  const message = MESSAGE_TYPES.get(isSchema(type) ? declaration.type : type);
  if (isSchema(type)) {
    if (message === undefined) return valueBody(declaration, type);
    if (message !== 'stream') return { type: message, check: schemaCheck(type, declaration.limits), mayWait: true };
    throw new BootError(`${place}: no schema checks a MessageStream, which is still to come.`);
  }
  if (message !== undefined) return { type: message, check: undefined, mayWait: false };
  if (type === undefined || type === Object) return { type: 'any', check: undefined, mayWait: false };
  if (NO_CLASS.has(type)) {
    throw new BootError(
      `${place}: a message is a string, a Uint8Array or what its codec makes of it, no ${nameOf(type)}.`,
    );
  }
  return valueBody(declaration, type);
}

/** The body of a handler for an event: its data. @throws BootError for what no data becomes */
export function eventBody(declaration: BodyDeclaration): Body {
  const type = declaredType(declaration);
  if (type === MessageStream) throw new BootError(`${declaration.place}: the data of an event is no MessageStream.`);
  return valueBody(declaration, type);
}

function valueBody({ place, field = '', validation, limits }: BodyDeclaration, type: unknown): Body {
  if (isSchema(type)) return { type: 'value', check: schemaCheck(type, limits, field), mayWait: true };
  if (type === undefined || type === Object) return { type: 'value', check: undefined, mayWait: false };
  const check = checkOf(type, field);
  if (check !== undefined) return { type: 'value', check, mayWait: false, isOptional: true };
  if (NO_CLASS.has(type)) throw new BootError(`${place}: no codec makes a ${nameOf(type)}.`);
  if (!isValidated(type as Constructor)) {
    throw new BootError(
      `${place}: ${nameOf(type)} has no decorators of class-validator, so nothing would be checked. Decorate its ` +
        `properties, or add it to the providers of a module if it is one.`,
    );
  }
  checkNested(type as Constructor, place);
  try {
    return { type: 'value', check: classCheck(type as Constructor, validation, limits, field), mayWait: true };
  } catch (cause) {
    throw new BootError(`${place}: ${(cause as Error).message}.`, { cause });
  }
}

/** What the decorator says, or else the compiler. */
function declaredType({ place, type, shape }: BodyDeclaration): unknown {
  if (shape === undefined && type === Function) {
    throw new BootError(
      `${place}: its type came out as Function, as that of a class imported with \`import type\` does. Import it as a ` +
        `value, or write @MessageBody(() => Dto).`,
    );
  }
  if (shape === undefined || isSchema(shape)) return shape ?? type;
  if (typeof shape !== 'function' || isClassSyntax(shape)) {
    throw new BootError(`${place}: write @MessageBody(() => ${nameOf(shape)}), or give it a schema with "~standard".`);
  }
  return classFrom(shape, place);
}

/** What the function of `@MessageBody(() => Dto)` returns. */
function classFrom(shape: () => unknown, place: string): unknown {
  let told: unknown;
  try {
    told = ownClass(shape());
  } catch (cause) {
    throw new BootError(`${place}: the function given to @MessageBody throws: ${String(cause)}.`, { cause });
  }
  if (typeof told === 'function' && told.prototype !== undefined) return told;
  const given = `${place}: the function given to @MessageBody returns`;
  if (told === undefined) {
    throw new BootError(`${given} no class; files that import each other are the usual cause.`);
  }
  if (Array.isArray(told)) {
    throw new BootError(
      `${given} an array, and no class. Write a class with a property for the array, with @ValidateNested() and ` +
        `@Type(() => ${nameOf(told[0], 'Item')}), or give @MessageBody a schema; @MessageBody(() => Array) takes one whose items nobody checks.`,
    );
  }
  if (isSchema(told)) throw new BootError(`${given} a schema. Give it the schema itself: @MessageBody(schema).`);
  throw new BootError(`${given} ${kindOf(told)}, and no class: write @MessageBody(() => Dto).`);
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return `a ${typeof value}`;
  return value instanceof Promise ? 'a promise' : `an instance of ${value.constructor.name}`;
}

function isClassSyntax(value: Function): boolean {
  return /^class\b/.test(Function.prototype.toString.call(value));
}

function nameOf(type: unknown, otherwise = 'Dto'): string {
  return typeof type === 'function' ? type.name : otherwise;
}
