import type { Interceptor } from './context';
import { called } from './called';
import { recordUse, type Use } from './metadata';

/** Runs interceptors around all methods of a class, or around one method; the first is the outermost. */
export function UseInterceptors(...interceptors: Use<Interceptor>[]): ClassDecorator & MethodDecorator {
  return called('@UseInterceptors()', interceptors, Infinity, (target: object, method?: unknown) =>
    recordUse(target, method, 'interceptors', interceptors),
  );
}
