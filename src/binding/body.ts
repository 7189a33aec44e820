import { BootError, type BodyShape, type Constructor } from '../decorators';
import { ownClass } from '../copies';
import { MessageStream } from '../connection';
import {
  classCheck,
  isValidated,
  checkNested,
  isSchema,
  schemaCheck,
  checkOf,
  type BodyLimits,
  type ValidationOptions,
  type Check,
} from '../validation';

/**
 * The body that a handler takes: text, binary, `any` message, a `stream` of any message while it arrives, or the `value` that the codec
 * decodes.
 */
export type BodyType = 'text' | 'binary' | 'any' | 'stream' | 'value';

export interface Body {
  readonly type: BodyType;
  /** `undefined` where nothing is checked. */
  readonly check: Check | undefined;
  /** True where the check may return a promise. */
  readonly mayWait: boolean;
  /** True where the handler is called without a body too: `page?: number` cannot be told from `page: number`. */
  readonly isOptional?: boolean;
}

const MESSAGE_TYPES = new Map<unknown, BodyType>([
  [String, 'text'],
  [Uint8Array, 'binary'],
  [Buffer, 'binary'],
  [MessageStream, 'stream'],
]);

const NO_CLASS = new Set<unknown>([Number, Boolean, BigInt, Symbol, Array, Function, Promise, Map, Set, Date, RegExp]);

/** The declaration of a body. */
export interface BodyDeclaration {
  /** Such as `ChatController.join, parameter 1 (body)`. */
  readonly place: string;
  /** `undefined` where the compiler emitted none. */
  readonly type: unknown;
  readonly shape: BodyShape | undefined;
  readonly field: string | undefined;
  readonly validation: ValidationOptions;
  readonly limits: BodyLimits;
}

/** The body of a handler for messages that are no events. @throws BootError for a type that no message becomes */
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

/** The body of a handler for an event, which is its data. @throws BootError for a type that no data becomes */
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

/** The type or schema by the decorator, or else by the compiler. */
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

/** The class that the function of `@MessageBody(() => Dto)` returns. @throws BootError for anything but a class */
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
