import { decoratorOf, handlersOf, misplacedOn, strayOf, BootError, type Constructor } from '../decorators';

/** @throws BootError for a decorator of Portal without effect on this class */
export function refuseMisplaced(target: Constructor): void {
  const [misplaced] = misplacedOn(target);
  if (misplaced !== undefined) throw new BootError(`${target.name}: ${misplaced.decorator} ${misplaced.fault}`);
}

/** @throws BootError for a decorator on a member of a controller that is never called */
export function checkPlaces(controller: Constructor): void {
  refuseMisplaced(controller);
  for (const { kind, method } of handlersOf(controller)) {
    const wrong = whyNoMethod(controller.prototype as object, method);
    if (wrong !== undefined) {
      throw new BootError(
        `${controller.name}.${method}: ${decoratorOf(kind)} stands on ${wrong}. Write a method: ${method}() { … }.`,
      );
    }
  }
  const [stray] = strayOf(controller);
  if (stray === undefined) return;
  const { decorator, method } = stray;
  throw new BootError(
    `${controller.name}.${method}: ${decorator} does nothing, since ${method} is no handler. Decorate it with @OnMessage() or one of its ` +
      `kin, or take ${decorator} away.`,
  );
}

/** Says what a name stands for instead of a method; `undefined` for a method. */
function whyNoMethod(prototype: object, name: string): string | undefined {
  for (let at: unknown = prototype; typeof at === 'object' && at !== null; at = Object.getPrototypeOf(at)) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    if (found === undefined) continue;
    if (typeof found.value === 'function') return undefined;
    return found.get === undefined && found.set === undefined ? 'what is no function' : 'a getter or setter';
  }
  return `a property, which instances get for themselves (${name} = () => …), or on an abstract method that no class implements`;
}
