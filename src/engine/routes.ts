import { originRule, Router, type Match, type OriginRule, type Origins } from '../handshake';
import type { Handshake } from './connection';
import type { Endpoint } from './endpoint';
import { resolveLimits, type ResolvedLimits } from './limits';

/** An endpoint with everything that is decided before the first request. */
export interface Route {
  readonly endpoint: Endpoint;
  readonly limits: ResolvedLimits;
  readonly originRule: OriginRule<Handshake>;
}

/** The endpoints of one engine by path. */
export class Routes {
  private readonly router = new Router<Route>();

  private readonly applicationOrigins: OriginRule<Handshake>;

  /** @throws TypeError when an origin is none */
  constructor(
    private readonly limits: ResolvedLimits,
    origins: Origins<Handshake> | undefined,
  ) {
    this.applicationOrigins = originRule(origins);
  }

  /** @throws Error when the path is malformed or taken, or the endpoint's limits or origins are wrong */
  add(endpoint: Endpoint): void {
    this.router.add(endpoint.path, {
      endpoint,
      limits: resolveLimits(endpoint.limits, this.limits),
      originRule: endpoint.origins === undefined ? this.applicationOrigins : originRule(endpoint.origins),
    });
  }

  find(path: string): Match<Route> | undefined {
    return this.router.find(path);
  }
}
