import { DEFAULT_LIMITS, given, type Endpoint, type Limits } from '../connection';
import type { Constructor } from '../decorators';
import type { ValidationOptions } from '../validation';
import type { BoundController } from './bound-controller';
import { describeController } from './description';
import { compileEndpoint } from './endpoint';
import { Enhancers, type ApplicationEnhancers } from './enhancers';
import { ConnectionInstances } from './instances';
import { bindParameters } from './parameters';
import type { Report } from './pipeline';
import type { Resolver } from './resolver';
import type { Timing } from './timing';

/** Options of an application that hold for all of its controllers. */
export interface BindingOptions extends ApplicationEnhancers {
  /** Options of class-validator for bodies. */
  readonly validation?: { [Name in keyof ValidationOptions]?: ValidationOptions[Name] | undefined } | undefined;
  /** Limits of the application; a path's own replace them. */
  readonly limits?: Limits | undefined;
}

/** Compiles a controller to the endpoint that the engine serves. @throws BootError for a mistake in it */
export function compileController(
  controller: Constructor,
  resolver: Resolver,
  report: Report,
  options: BindingOptions & Partial<Pick<BoundController, 'isSpiedOn'>> = {},
  timing?: Timing,
): Endpoint {
  const described = describeController(controller, resolver);
  const { pattern, options: ofPath } = described;
  const instances = ofPath.scope === 'connection' ? new ConnectionInstances(controller, resolver) : undefined;
  // one that is undefined must not take a strict one's place
  const validation: ValidationOptions = given(options.validation ?? {});
  const limits = { ...DEFAULT_LIMITS, ...given(options.limits ?? {}), ...given(ofPath.limits ?? {}) };
  const surroundings = { controller, resolver, validation, limits, instances };
  const handlers = described.handlers.map((handler) => ({
    record: handler.record,
    ...bindParameters(handler, surroundings),
  }));
  const target = instances ?? (resolver.resolve(controller as never) as object);
  const { isSpiedOn = false } = options;
  const enhancers = new Enhancers(options, resolver);
  return compileEndpoint(
    { controller, pattern, options: ofPath, handlers, target, enhancers, isSpiedOn },
    report,
    timing,
  );
}
