import 'reflect-metadata';
import { injectable, type InjectionToken } from 'tsyringe';
import { recordCaught } from './metadata';
import type { Constructor } from './constructor';

/** Makes a class an exception filter for these errors; without any, for all. Makes it injectable. */
export function Catch(...errors: Constructor<Error>[]): ClassDecorator {
  return (target: Function, context?: unknown) => {
    if (!recordCaught(target, context, errors)) return;
    injectable()(target as InjectionToken & (new (...args: never[]) => unknown));
  };
}
