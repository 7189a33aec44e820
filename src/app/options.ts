import type { BindingOptions } from '../binding';
import type { Backplane, HistoryOptions } from '../channels';
import type { EngineOptions, Observer } from '../engine';
import type { Logger } from './logger';

/** What an application may set; everything has a default. */
export interface PortalOptions
  extends Omit<EngineOptions, 'observer' | 'shutdown' | 'subscriptions' | 'limits'>, BindingOptions {
  /** A name for logs. Default: the name of the module. */
  name?: string | undefined;
  /** Default: warnings and errors to standard error. */
  logger?: Logger | undefined;
  shutdown?:
    | {
        /**
         * For all that `close()` waits for, together: connections, of which those that are left are terminated, and each
         * `onShutdown` and `dispose`, which are all called but waited for no longer. Default 30 s.
         */
        deadlineMs?: number | undefined;
        /** SIGTERM and SIGINT close the application, once; the process ends when nothing else keeps it alive. Default false. */
        signals?: boolean | undefined;
      }
    | undefined;
  /** Carries channels between processes: `new RedisBackplane({ url })`, `new NatsBackplane({ servers })`. Default: there is one process. */
  backplane?: Backplane | undefined;
  /**
   * Channels that keep their latest messages for those who come back, by name or pattern: `{ 'room:*': { size: 100, ttlSeconds: 60 } }`. The
   * same on all processes. Default: none.
   */
  history?: Record<string, HistoryOptions> | undefined;
  /** Hear what the engine reports: metrics, traces. */
  observers?: Observer[] | undefined;
}

const KNOWN: Record<keyof PortalOptions, true> = {
  name: true,
  port: true,
  host: true,
  socketPath: true,
  reusePort: true,
  tls: true,
  http2: true,
  trustedProxies: true,
  proxyProtocol: true,
  origins: true,
  limits: true,
  compression: true,
  request: true,
  guards: true,
  interceptors: true,
  filters: true,
  validation: true,
  heartbeat: true,
  health: true,
  shutdown: true,
  clock: true,
  backplane: true,
  history: true,
  logger: true,
  observers: true,
};

/** @throws TypeError for an option that does not exist, which is most often a slip of the pen */
export function checkOptions(options: PortalOptions): void {
  for (const name of Object.keys(options)) {
    if (!Object.hasOwn(KNOWN, name)) {
      throw new TypeError(`there is no option ${JSON.stringify(name)}; there are ${Object.keys(KNOWN).join(', ')}`);
    }
  }
  const { port } = options;
  if (port !== undefined && !(Number.isInteger(port) && port >= 0 && port <= 65535)) {
    throw new RangeError(`port must be a whole number from 0 to 65535, not ${String(port)}`);
  }
  for (const role of ['guards', 'interceptors', 'filters'] as const) {
    const uses: unknown = options[role];
    if (uses !== undefined && !Array.isArray(uses)) throw new TypeError(`${role} must be an array`);
  }
}
