import { called } from './called';
import { recordHandler } from './metadata';
import type { Constructor } from './constructor';

/**
 * Handles errors of the controller's other handlers: all, or those of the given class. The most specific class wins. The value returned is
 * sent as the reply.
 */
export function OnError(error?: Constructor<Error>): MethodDecorator;
export function OnError(...given: (Constructor<Error> | undefined)[]): MethodDecorator {
  const error = given.length > 0 ? given[0]! : Error;
  return called('@OnError()', given, 1, (prototype, method) =>
    recordHandler(prototype, method, { kind: 'error', error }),
  );
}
