import type { Connection } from '../connection';
import type { Context } from '../decorators';
import type { ReplyTo } from '../messages';

/** A call inside its guards and interceptors. It may throw or reject. `context` is the call's, where it has one already. */
export type Invoke = (connection: Connection, body: unknown, replyTo: ReplyTo, context?: Context) => unknown;
