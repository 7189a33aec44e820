import {
  caughtBy,
  usesOf,
  BootError,
  refuseOtherMajor,
  type Constructor,
  type Use,
  type UseRole,
  type ExceptionFilter,
  type Guard,
  type Interceptor,
} from '../decorators';
import { shown, whyUndefined } from '../connection';
import { isClass } from './arguments';
import { refuseMisplaced } from './places';
import type { Resolver } from './resolver';

/** Guards, interceptors and filters of an application, which hold for all of its controllers. */
export interface ApplicationEnhancers {
  readonly guards?: readonly Use<Guard>[] | undefined;
  readonly interceptors?: readonly Use<Interceptor>[] | undefined;
  readonly filters?: readonly Use<ExceptionFilter>[] | undefined;
}

interface Roles {
  guards: Guard;
  interceptors: Interceptor;
  filters: ExceptionFilter;
}

/** The method of each role. */
const METHODS = { guards: 'canActivate', interceptors: 'intercept', filters: 'catch' } as const;
const NAMES = { guards: 'guard', interceptors: 'interceptor', filters: 'filter' } as const;

/** Finds the guards, interceptors and filters of a place. Each class is made once for the application. */
export class Enhancers {
  constructor(
    private readonly application: ApplicationEnhancers,
    private readonly resolver: Resolver,
  ) {}

  /** @throws BootError for a class that cannot be made, or an object without the method of the role */
  ofApplication<Role extends UseRole>(role: Role): Roles[Role][] {
    return (this.application[role] ?? []).map((item) => this.instance(role, item, 'the application'));
  }

  /** Those of a class, or of one of its methods. @throws as `ofApplication` does */
  of<Role extends UseRole>(role: Role, controller: Constructor, method?: string): Roles[Role][] {
    const place = method === undefined ? controller.name : `${controller.name}.${method}`;
    return usesOf(controller, role, method).map((item) => this.instance(role, item, place));
  }

  private instance<Role extends UseRole>(role: Role, item: Use, place: string): Roles[Role] {
    const wanted = `${place}, ${NAMES[role]}`;
    if (isClass(item)) refuseOtherMajor(item);
    const made = isClass(item) ? this.resolver.shared(item, wanted) : item;
    const method = METHODS[role];
    if (typeof (Object(made) as Record<string, unknown>)[method] !== 'function') {
      const name = typeof item === 'function' ? item.name : String(item);
      const why = `it has no method ${method}${whyUndefined(item)}`;
      throw new BootError(`${place}: ${name || 'a function'} is no ${NAMES[role]}: ${why}.`);
    }
    const { constructor } = made as object;
    if (isClass(constructor)) refuseMisplaced(constructor);
    if (role === 'filters') checkCaught(made as ExceptionFilter);
    return made as Roles[Role];
  }
}

function checkCaught(filter: ExceptionFilter): void {
  for (const error of caughtBy(filter)) {
    if (isClass(error)) continue;
    const { name } = filter.constructor;
    throw new BootError(`${name}: @Catch() takes classes of errors, not ${shown(error)}${whyUndefined(error)}.`);
  }
}
