import type { Connection } from '../connection';
import type { Context } from '../decorators';
import type { ReplyTo } from '../messages';

/** A call inside its guards and interceptors. It may throw or reject. `context`: that of the call, where there is one already. */
export type Invoke = (connection: Connection, body: unknown, replyTo: ReplyTo, context?: Context) => unknown;
