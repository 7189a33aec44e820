import { originRule, Router, type Match, type OriginRule, type Origins } from '../handshake';
import type { FrameRules } from '../protocol';
import { resolveCompression, type Compression, type ResolvedCompression } from './compression';
import type { Handshake } from './connection';
import type { Endpoint } from './endpoint';
import { resolveLimits, type ResolvedLimits } from './limits';

/** An endpoint with everything that is decided before the first request. */
export interface Route {
  readonly endpoint: Endpoint;
  readonly limits: ResolvedLimits;
  /** Undefined: messages are not compressed. */
  readonly compression: ResolvedCompression | undefined;
  readonly originRule: OriginRule<Handshake>;
  readonly rules: FrameRules;
  /** The same for connections that compress. */
  readonly compressedRules: FrameRules;
}

/** The endpoints of one engine by path. */
export class Routes {
  private readonly router = new Router<Route>();

  private readonly applicationOrigins: OriginRule<Handshake>;
  private readonly applicationCompression: ResolvedCompression | undefined;

  /** @throws TypeError when an origin is none */
  constructor(
    private readonly limits: ResolvedLimits,
    origins: Origins<Handshake> | undefined,
    compression?: boolean | Compression,
  ) {
    this.applicationCompression = resolveCompression(compression);
    this.applicationOrigins = originRule(origins);
  }

  /** @throws Error when the path is malformed or taken, or the endpoint's limits or origins are wrong */
  add(endpoint: Endpoint): void {
    const limits = resolveLimits(endpoint.limits, this.limits);
    const rules = frameRules(endpoint, limits);
    this.router.add(endpoint.path, {
      endpoint,
      limits,
      rules,
      compressedRules: { ...rules, allowRsv1: true },
      compression: resolveCompression(endpoint.compression, this.applicationCompression),
      originRule: endpoint.origins === undefined ? this.applicationOrigins : originRule(endpoint.origins),
    });
  }

  find(path: string): Match<Route> | undefined {
    return this.router.find(path);
  }
}

function frameRules(endpoint: Endpoint, limits: ResolvedLimits): FrameRules {
  const { maxMessageBytes, maxStreamBytes, maxEmptyFragments } = limits;
  return {
    maxMessageBytes,
    maxEmptyFragments,
    maxTextStreamBytes: endpoint.textStream && maxStreamBytes,
    maxBinaryStreamBytes: endpoint.binaryStream && maxStreamBytes,
    allowRsv1: false,
  };
}
