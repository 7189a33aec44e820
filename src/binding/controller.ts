import { handlersOf, handlersUndone, pathOf, type Constructor, type WebSocketPathOptions } from '../decorators';
import { DEFAULT_LIMITS, type Endpoint, type Limits } from '../connection';
import { PATH_OPTIONS } from '../connection';
import { given } from '../connection';
import { checkOptions, judgedElsewhere, shown, whyUndefined, type OptionTable } from '../connection';
import { checkArguments } from './arguments';
import { BootError, refuseOtherMajor } from '../decorators';
import type { ValidationOptions } from '../validation';
import { compileEndpoint } from './endpoint';
import { ConnectionInstances } from './instances';
import { bindParameters } from './parameters';
import type { Report } from './pipeline';
import { checkPlaces } from './places';
import type { Resolver } from './resolver';
import type { Timing } from './timing';
import { Enhancers, type ApplicationEnhancers } from './enhancers';
import type { BoundController } from './bound-controller';

/** What an application has in common for all of its controllers. */
export interface BindingOptions extends ApplicationEnhancers {
  /** How bodies are validated. */
  readonly validation?: { [Name in keyof ValidationOptions]?: ValidationOptions[Name] | undefined } | undefined;
  /** A path may have its own. */
  readonly limits?: Limits | undefined;
}

/** Compiles a controller to the endpoint that the engine serves. @throws BootError for every mistake in it */
export function compileController(
  controller: Constructor,
  resolver: Resolver,
  report: Report,
  options: BindingOptions & Partial<Pick<BoundController, 'isSpiedOn'>> = {},
  timing?: Timing,
): Endpoint {
  refuseOtherMajor(controller);
  checkPlaces(controller);
  const path = declaredPath(controller);
  const records = handlersOf(controller);
  for (const record of records) checkArguments(controller, record);
  for (const method of handlersUndone(controller)) {
    throw new BootError(
      `${controller.name}.${method} overrides a handler with decorators of its own, which replace all that its base class says ` +
        `of it, but none of them makes it a handler: decorate it with @OnMessage() or its kin too.`,
    );
  }
  if (records.length === 0) {
    throw new BootError(
      `${controller.name} has no handlers: decorate at least one method with @OnMessage(), @OnOpen() or @OnClose().`,
    );
  }
  const instances = path.options.scope === 'connection' ? new ConnectionInstances(controller, resolver) : undefined;
  // before its handlers, whose parameters may be what it is made with
  if (instances !== undefined) resolver.scoped(controller as never);
  // one that is undefined must not take a strict one's place
  const validation: ValidationOptions = given(options.validation ?? {});
  const limits = { ...DEFAULT_LIMITS, ...given(options.limits ?? {}), ...given(path.options.limits ?? {}) };
  const surroundings = { controller, pattern: path.pattern, resolver, validation, limits, instances };
  const handlers = records.map((record) => ({ record, ...bindParameters(record, surroundings) }));
  const target = instances ?? (resolver.resolve(controller as never) as object);
  const { isSpiedOn = false } = options;
  const enhancers = new Enhancers(options, resolver);
  return compileEndpoint({ ...path, controller, handlers, target, enhancers, isSpiedOn }, report, timing);
}

function declaredPath(controller: Constructor): { pattern: string; options: WebSocketPathOptions } {
  const path = pathOf<WebSocketPathOptions>(controller);
  if (path === undefined) throw new BootError(whyNoPath(controller));
  if (typeof path.pattern !== 'string' || !path.pattern.startsWith('/')) {
    throw new BootError(
      `${controller.name}: the path ${shown(path.pattern)} must begin with a slash${whyUndefined(path.pattern)}.`,
    );
  }
  try {
    checkOptions(path.options, WEB_SOCKET_PATH, '@WebSocketPath');
  } catch (cause) {
    throw new BootError(`${controller.name}: ${(cause as Error).message}.`, { cause });
  }
  const { scope } = path.options;
  if (scope !== undefined && scope !== 'singleton' && scope !== 'connection') {
    throw new BootError(`${controller.name}: scope must be 'singleton' or 'connection', not ${JSON.stringify(scope)}.`);
  }
  return path;
}

const WEB_SOCKET_PATH: OptionTable<WebSocketPathOptions> = { scope: judgedElsewhere, ...PATH_OPTIONS };

/** A path is not inherited: base class and subclass would serve the same. */
function whyNoPath(controller: Constructor): string {
  const why = `${controller.name} is listed under controllers, but has no @WebSocketPath('/…').`;
  const base: unknown = Object.getPrototypeOf(controller);
  if (typeof base === 'function' && pathOf(base as Constructor) !== undefined) {
    return `${why} That of ${base.name} is not inherited.`;
  }
  return handlersOf(controller).length > 0 ? why : `${why} If it is no controller, list it under providers.`;
}
