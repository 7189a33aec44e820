import type { InjectionToken, Provider } from 'tsyringe';
import { recordModule, type Constructor } from './metadata';

/** A class, of which there is one instance for each application, or tsyringe's provider shape with its token. */
export type ModuleProvider = (new (...args: never[]) => unknown) | (Provider & { token: InjectionToken });

export interface ModuleOptions {
  /** Modules whose controllers and providers belong to the application too. */
  imports?: Constructor[];
  /** Classes with `@WebSocketPath`. */
  controllers?: Constructor[];
  providers?: ModuleProvider[];
}

/** Groups controllers and providers; `bootstrap` starts from one. All modules share one container. */
export function Module(options: ModuleOptions = {}): ClassDecorator {
  return (target) => recordModule(target as unknown as Constructor, options);
}
