import type { CloseInfo } from '../protocol';
import type { ConnectionCore } from './connection-core';
import { callHook } from './hooks';
import type { OwnedSources } from './owned-source';

/** Dependencies of the last calls. */
export interface LastCallsHost extends ConnectionCore {
  /** Undefined where the connection has taken over no source. */
  readonly sources: OwnedSources | undefined;
}

/**
 * Calls `close` of the endpoint, then `release` once `close` has settled and all sources have ended. The connection has
 * ended then.
 */
export function callLast(host: LastCallsHost, info: CloseInfo): void {
  const work = callHook(host, 'close', host.route.endpoint.close, info);
  if (work === undefined) releaseWhenEnded(host);
  else void work.then(() => releaseWhenEnded(host));
  host.context.observer.closed?.(host.connection, info);
}

/**
 * Calls `release` after all sources have ended, since they may use what it disposes of; after `closeTimeoutMs` at the
 * latest.
 */
function releaseWhenEnded(host: LastCallsHost): void {
  const { endpoint, limits } = host.route;
  const ending = endpoint.release === undefined ? undefined : host.sources?.untilEnded();
  if (ending === undefined) {
    release(host);
    return;
  }
  let cancel = (): void => {};
  const deadline = new Promise<void>((resolve) => {
    cancel = host.context.deadlines.set(limits.closeTimeoutMs, resolve);
  });
  void Promise.race([ending, deadline]).then(() => {
    cancel();
    release(host);
  });
}

function release(host: LastCallsHost): void {
  const work = callHook(host, 'release', host.route.endpoint.release, undefined);
  if (work === undefined) host.context.ended(host);
  else void work.then(() => host.context.ended(host));
}
