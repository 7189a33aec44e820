import 'reflect-metadata';
import { injectable, type InjectionToken, type Provider, type RegistrationOptions } from 'tsyringe';
import { recordModule } from './metadata';
import type { Constructor } from './constructor';

/**
 * A class, of which an application has one instance unless `@scoped` says otherwise, or tsyringe's provider shape with a `token`.
 * `options: { lifecycle: Lifecycle.ContainerScoped }` makes one for each connection; `useValue` takes no options.
 */
export type ModuleProvider =
  (new (...args: never[]) => unknown) | (Provider & { token: InjectionToken; options?: RegistrationOptions });

export interface ModuleOptions {
  /** Modules whose controllers and providers belong to the application too. */
  imports?: (Constructor | DynamicModule)[] | undefined;
  /** Classes with `@WebSocketPath`. */
  controllers?: Constructor[] | undefined;
  providers?: ModuleProvider[] | undefined;
}

/** A module whose lists depend on settings, as a static method such as `forRoot(settings)` returns it. */
export interface DynamicModule extends ModuleOptions {
  module: Constructor;
}

/** Groups controllers and providers; `bootstrap` starts from one. All modules share one container. */
export function Module(options?: ModuleOptions): ClassDecorator;
export function Module(...given: (ModuleOptions | undefined)[]): ClassDecorator {
  // null, as undefined would say that it is no module
  const options = given.length > 0 ? (given[0] ?? null) : {};
  return (target: Function, context?: unknown) => {
    if (!recordModule(target, context, options)) return;
    injectable()(target as InjectionToken & (new (...args: never[]) => unknown));
  };
}
