import { note, whatIs } from './misplaced';

/**
 * A decorator of methods or parameters. `given`: all that it was called with, of which it `takes` so many: the rest would be lost. Without
 * parentheses it is called with what it stands on, and what it returns is called by nobody. Binding says so at boot.
 */
export function called<Decorator extends MethodDecorator | ParameterDecorator>(
  decorator: string,
  given: readonly unknown[],
  takes: number,
  decorate: Decorator,
): Decorator {
  const [target, name] = given;
  if (isPlace(given)) {
    const fault = `stands on ${whatIs(target as object, name)} without parentheses, and does nothing: write ${decorator}.`;
    note(target as object, { decorator, fault });
  }
  if (given.length <= takes) return decorate;
  const lost = (on: object, member?: unknown): void => {
    const most = takes === 0 ? 'no argument' : 'one argument';
    const fault = `on ${whatIs(on, member)} takes ${most}, and is given ${given.length}: the rest would be lost.`;
    note(on, { decorator, fault });
  };
  return lost as unknown as Decorator;
}

/** A prototype or a class, the name of a member, and its descriptor or the index of a parameter. */
function isPlace({ length, 0: target, 1: name, 2: at }: readonly unknown[]): boolean {
  if (length !== 3 || (typeof target !== 'object' && typeof target !== 'function') || target === null) return false;
  if (typeof at === 'number') return name === undefined || typeof name === 'string' || typeof name === 'symbol';
  const isNamed = typeof name === 'string' || typeof name === 'symbol';
  return isNamed && typeof at === 'object' && at !== null && 'writable' in at;
}
