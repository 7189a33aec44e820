import type { Guard } from './context';
import { called } from './called';
import { recordUse, type Use } from './metadata';

/** Asks guards in the order given: on a class at each upgrade, on a method before each call. */
export function UseGuards(...guards: Use<Guard>[]): ClassDecorator & MethodDecorator {
  return called('@UseGuards()', guards, Infinity, (target: object, method?: unknown) =>
    recordUse(target, method, 'guards', guards),
  );
}
