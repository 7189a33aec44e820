import type { Connection } from '../engine';
import type { Context, Exchange } from './context';

/** A call inside its guards and interceptors. It may throw or reject. `context`: that of the call, where there is one already. */
export type Invoke = (connection: Connection, body: unknown, exchange: Exchange, context?: Context) => unknown;
