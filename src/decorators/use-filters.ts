import type { ExceptionFilter } from './context';
import { called } from './called';
import { recordUse, type Use } from './metadata';

/** Passes errors of all methods of a class, or of one method, to filters, the most specific first. */
export function UseFilters(...filters: Use<ExceptionFilter>[]): ClassDecorator & MethodDecorator {
  return called('@UseFilters()', filters, Infinity, (target: object, method?: unknown) =>
    recordUse(target, method, 'filters', filters),
  );
}
