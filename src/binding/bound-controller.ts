import type { Constructor, HandlerRecord, WebSocketPathOptions } from '../decorators';
import type { ConnectionInstances } from './instances';
import type { BoundParameters } from './parameters';
import type { Enhancers } from './enhancers';

export interface BoundHandler extends BoundParameters {
  readonly record: HandlerRecord;
}

/** A controller whose handlers have their parameters bound. */
export interface BoundController {
  readonly controller: Constructor;
  readonly pattern: string;
  readonly options: WebSocketPathOptions;
  readonly handlers: readonly BoundHandler[];
  /** The one instance, or where each connection's is found. */
  readonly target: object | ConnectionInstances;
  readonly enhancers: Enhancers;
  /** Whether spies that are put on the instance later are called, which costs a little for each message. */
  readonly isSpiedOn: boolean;
}
