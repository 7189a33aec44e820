import type { Handshake, Refusal } from '../../../handshake';
import type { ResolvedLimits } from '../../../connection';

/** A limit on connections that exist at the same time, of the application and of each path. */
export interface ConnectionLimit {
  /** The limit's name in the options. */
  readonly name: keyof ResolvedLimits & `maxConnections${string}`;
  /** The answer to a handshake that would exceed the limit. */
  readonly refusal: Refusal;
  /** Connections of the same group are counted together. */
  groupOf(handshake: Handshake): string;
}
