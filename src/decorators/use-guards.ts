import type { Guard } from './context';
import { called } from './called';
import { recordUse, type Use } from './metadata';

/** On a class: who may connect, asked at the upgrade. On a method: whether it may run, asked each time. In the order given. */
export function UseGuards(...guards: Use<Guard>[]): ClassDecorator & MethodDecorator {
  return called('@UseGuards()', guards, Infinity, (target: object, method?: unknown) =>
    recordUse(target, method, 'guards', guards),
  );
}
