import type { InjectionToken } from 'tsyringe';
import { decoratorOf, BootError, type Constructor, type HandlerRecord } from '../decorators';
import { shown, whyUndefined } from '../connection';

/** @throws BootError for an argument of `@OnMessage` or `@OnError` that cannot be meant, such as an explicit `undefined` */
export function checkArguments(controller: Constructor, record: HandlerRecord): void {
  const { kind, method } = record;
  const place = `${controller.name}.${method}`;
  const decorator = decoratorOf(kind);
  const each = (given: unknown): string => (Array.isArray(given) ? '; write the decorator once for each' : '');
  if ('event' in record && typeof record.event !== 'string') {
    const given: unknown = record.event;
    throw new BootError(
      `${place}: ${decorator} takes the name of an event, such as 'chat.join', not ${shown(given)}${each(given)}${whyUndefined(given)}.`,
    );
  }
  if ('error' in record && !isClass(record.error)) {
    const given: unknown = record.error;
    throw new BootError(
      `${place}: ${decorator} takes a class of errors, not ${shown(given)}${each(given)}${whyUndefined(given)}.`,
    );
  }
}

/** True for a class. An arrow function has no prototype, and is none. */
export function isClass(value: unknown): value is Constructor {
  return typeof value === 'function' && value.prototype !== undefined;
}

/** True for a token of the container: a class, a string, a symbol, or tsyringe's `delay(() => Class)`. */
export function isToken(value: unknown): value is InjectionToken {
  return ['function', 'string', 'symbol'].includes(typeof value) || isDelayed(value);
}

function isDelayed(value: unknown): boolean {
  return typeof (Object(value) as { wrap?: unknown }).wrap === 'function';
}

/** The end of an error about a value in the place of a token. */
export function noToken(value: unknown): string {
  return `is ${shown(value)}, and no class, string or symbol${whyUndefined(value)}.`;
}
