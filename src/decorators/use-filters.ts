import type { ExceptionFilter } from './context';
import { called } from './called';
import { recordUse, type Use } from './metadata';

/** Hands what the methods of a class, or one of them, throw to filters, the most specific first. */
export function UseFilters(...filters: Use<ExceptionFilter>[]): ClassDecorator & MethodDecorator {
  return called('@UseFilters()', filters, Infinity, (target: object, method?: unknown) =>
    recordUse(target, method, 'filters', filters),
  );
}
