import { caughtBy, usesOf, type Constructor, type Use, type UseRole } from '../decorators';
import { shown, whyUndefined } from '../connection';
import { isClass } from './arguments';
import { BootError, refuseOtherMajor } from '../decorators';
import type { ExceptionFilter, Guard, Interceptor } from '../decorators';
import { refuseMisplaced } from './places';
import type { Resolver } from './resolver';

/** What an application puts around all of its controllers. */
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

/** The method that makes an object one. */
const METHODS = { guards: 'canActivate', interceptors: 'intercept', filters: 'catch' } as const;
const NAMES = { guards: 'guard', interceptors: 'interceptor', filters: 'filter' } as const;

/** Finds what is used where, each class made once for the application. */
export class Enhancers {
  constructor(
    private readonly application: ApplicationEnhancers,
    private readonly resolver: Resolver,
  ) {}

  /** @throws BootError for what cannot be made, or is none */
  ofApplication<Role extends UseRole>(role: Role): Roles[Role][] {
    return (this.application[role] ?? []).map((item) => this.instance(role, item, 'the application'));
  }

  /** Those of a class, or of one of its methods. @throws BootError */
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
