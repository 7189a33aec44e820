import { called } from './called';
import { recordHandler } from './metadata';
import type { Constructor } from './constructor';

/**
 * Takes what the controller's other handlers throw, or only errors of the given class; the most specific class wins.
 * What it returns is sent.
 */
export function OnError(error?: Constructor<Error>): MethodDecorator;
export function OnError(...given: (Constructor<Error> | undefined)[]): MethodDecorator {
  const error = given.length > 0 ? given[0]! : Error;
  return called('@OnError()', given, 1, (prototype, method) =>
    recordHandler(prototype, method, { kind: 'error', error }),
  );
}
