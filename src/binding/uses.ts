import { usesOf, type Constructor, type Use, type UseRole } from '../decorators';
import { BootError, refuseOtherMajor } from './boot-error';
import type { ExceptionFilter, Guard, Interceptor } from './context';
import type { Resolver } from './resolver';

/** What an application puts around all of its controllers. */
export interface ApplicationUses {
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
export class Uses {
  constructor(
    private readonly application: ApplicationUses,
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
    // an arrow function has no prototype, and is no class
    const isClass = typeof item === 'function' && item.prototype !== undefined;
    if (isClass) refuseOtherMajor(item as Constructor);
    const made = isClass ? this.resolver.shared(item as Constructor, wanted) : item;
    const method = METHODS[role];
    if (typeof (Object(made) as Record<string, unknown>)[method] === 'function') return made as Roles[Role];
    const name = typeof item === 'function' ? item.name : String(item);
    throw new BootError(`${place}: ${name || 'a function'} is no ${NAMES[role]}: it has no method ${method}.`);
  }
}
