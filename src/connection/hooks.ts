import { CloseCode } from '../protocol';
import { isThenable } from '../messages';
import { isCancelled } from './cancelled';
import type { ConnectionCore } from './connection-core';
import type { Endpoint, Hook } from './endpoint';
import type { Message } from './message';
import { IncomingStream, MessageStream } from './message-stream';

/**
 * Calls a hook of the endpoint, and catches what it throws. The engine calls hooks nowhere else. `what` names the hook
 * in reports. Undefined when the hook has settled; the promise does not reject.
 */
export function callHook<Argument>(
  core: ConnectionCore,
  what: string,
  hook: Hook<Argument>,
  argument: Argument,
): Promise<void> | undefined {
  if (hook === undefined) return undefined;
  try {
    const work = hook.call(core.route.endpoint, core.connection, argument);
    if (work === undefined || !isThenable(work)) return undefined;
    return Promise.resolve(work).then(undefined, (error: unknown) => failConnection(core, error, what));
  } catch (error) {
    failConnection(core, error, what);
    return undefined;
  }
}

/**
 * Reports an error of users' code, unless it has been reported, and closes the connection with 1011. Ignores an error
 * that only says that the connection has closed.
 */
export function failConnection(core: ConnectionCore, error: unknown, what: string): void {
  if (what !== 'close' && isCancelled(error, core)) return;
  const { endpoint } = core.route;
  if (!core.hasTold(error))
    core.context.observer.failed?.(error, `${endpoint.name ?? endpoint.path} (${what})`, core.connection);
  core.close(CloseCode.InternalError, 'internal error');
}

/** Calls the endpoint's hook for a message of its kind. Undefined when the hook has settled; the promise does not reject. */
export function handleMessage(core: ConnectionCore, endpoint: Endpoint, message: Message): Promise<void> | undefined {
  if (typeof message === 'string') {
    if (endpoint.text !== undefined) return callHook(core, 'text', endpoint.text, message);
    return refuse(core, 'text');
  }
  if (message instanceof IncomingStream) return handleStream(core, endpoint, message);
  if (endpoint.binary !== undefined) return callHook(core, 'binary', endpoint.binary, message);
  return refuse(core, 'binary');
}

function handleStream(core: ConnectionCore, endpoint: Endpoint, incoming: IncomingStream): Promise<void> | undefined {
  const { binary } = incoming;
  const hook = binary ? endpoint.binaryStream : endpoint.textStream;
  const work = callHook(core, binary ? 'binary' : 'text', hook, new MessageStream(incoming));
  if (work !== undefined) return work.then(() => incoming.release());
  incoming.release();
  return undefined;
}

function refuse(core: ConnectionCore, kind: string): undefined {
  core.close(CloseCode.UnsupportedData, `no handler for ${kind} messages`);
}
