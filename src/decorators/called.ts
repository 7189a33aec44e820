import { note, whatIs } from './misplaced';

/**
 * Wraps `decorate`, a decorator of methods or parameters, to note two mistakes, which binding refuses at boot: more arguments in `given`
 * than the decorator `takes`, and no parentheses. Without parentheses `given` is the place that the decorator stands on.
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

/** True for the arguments of a decorator: a prototype or class, a member's name, and its descriptor or a parameter's index. */
function isPlace({ length, 0: target, 1: name, 2: at }: readonly unknown[]): boolean {
  if (length !== 3 || (typeof target !== 'object' && typeof target !== 'function') || target === null) return false;
  if (typeof at === 'number') return name === undefined || typeof name === 'string' || typeof name === 'symbol';
  const isNamed = typeof name === 'string' || typeof name === 'symbol';
  return isNamed && typeof at === 'object' && at !== null && 'writable' in at;
}
