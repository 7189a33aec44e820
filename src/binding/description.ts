import { checkOptions, judgedElsewhere, PATH_OPTIONS, shown, whyUndefined, type OptionTable } from '../connection';
import {
  BootError,
  handlersOf,
  handlersUndone,
  pathOf,
  refuseOtherMajor,
  type Constructor,
  type HandlerRecord,
  type WebSocketPathOptions,
} from '../decorators';
import { checkArguments } from './arguments';
import { describeParameters, type ParameterDescription } from './parameter-source';
import { checkPlaces } from './places';
import type { Resolver } from './resolver';

/** A controller as its decorators and the compiler describe it, before anything of it is compiled or made. */
export interface ControllerDescription {
  readonly controller: Constructor;
  /** The path, such as `/rooms/:room`. */
  readonly pattern: string;
  readonly options: WebSocketPathOptions;
  readonly handlers: readonly HandlerDescription[];
}

/** A method of a controller that handles something. */
export interface HandlerDescription {
  readonly record: HandlerRecord;
  /** In the order of the method's parameters. */
  readonly parameters: readonly ParameterDescription[];
}

/**
 * Describes a controller; makes no instance of it or its providers.
 * @throws BootError for a mistake in its decorators
 */
export function describeController(
  controller: Constructor,
  resolver: Pick<Resolver, 'provides' | 'scoped'>,
): ControllerDescription {
  refuseOtherMajor(controller);
  checkPlaces(controller);
  const { pattern, options } = declaredPath(controller);
  const records = declaredHandlers(controller);
  // a provider that only its constructor names can be that of a parameter too
  if (options.scope === 'connection') resolver.scoped(controller as never);
  const handlers = records.map((record) => ({
    record,
    parameters: describeParameters({ controller, pattern, record }, resolver),
  }));
  return { controller, pattern, options, handlers };
}

function declaredHandlers(controller: Constructor): HandlerRecord[] {
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
  return records;
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
