import 'reflect-metadata';
import { injectable, type InjectionToken } from 'tsyringe';
import { recordCaught } from './metadata';
import type { Constructor } from './constructor';

/** Makes a class an exception filter for errors of these classes, or for all errors, and injectable. */
export function Catch(...errors: Constructor<Error>[]): ClassDecorator {
  return (target: Function, context?: unknown) => {
    if (!recordCaught(target, context, errors)) return;
    injectable()(target as InjectionToken & (new (...args: never[]) => unknown));
  };
}
