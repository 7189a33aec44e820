import type { Constructor, HandlerRecord, WebSocketPathOptions } from '../decorators';
import type { ConnectionInstances } from './instances';
import type { BoundParameters } from './parameters';
import type { Enhancers } from './enhancers';

export interface BoundHandler extends BoundParameters {
  readonly record: HandlerRecord;
}

/** A controller with compiled parameters. */
export interface BoundController {
  readonly controller: Constructor;
  readonly pattern: string;
  readonly options: WebSocketPathOptions;
  readonly handlers: readonly BoundHandler[];
  /** The instance that serves all connections, or those of each connection. */
  readonly target: object | ConnectionInstances;
  readonly enhancers: Enhancers;
  /** True where a test may replace methods of the instance later. Looking them up costs a little for each message. */
  readonly isSpiedOn: boolean;
}
