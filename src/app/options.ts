import type { BindingOptions } from '../binding';
import type { ValidationOptions } from '../validation';
import type { Backplane, HistoryOptions } from '../channels';
import type { EngineOptions } from '../server';
import type { Observer } from '../connection';
import { observer, OF_APPLICATIONS, SHUTDOWN } from '../server';
import {
  checkOptions as checkAgainst,
  flag,
  judgedElsewhere,
  listOf,
  methods,
  object,
  options,
  text,
  type OptionTable,
} from '../connection';
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

const VALIDATION: OptionTable<ValidationOptions> = {
  skipMissingProperties: flag,
  whitelist: flag,
  forbidNonWhitelisted: flag,
  groups: listOf(text),
  always: flag,
  stopAtFirstError: flag,
};

const OPTIONS: OptionTable<PortalOptions> = {
  name: text,
  ...OF_APPLICATIONS,
  guards: listOf(judgedElsewhere),
  interceptors: listOf(judgedElsewhere),
  filters: listOf(judgedElsewhere),
  validation: options(VALIDATION),
  shutdown: options<NonNullable<PortalOptions['shutdown']>>({ ...SHUTDOWN, signals: flag }),
  backplane: object,
  history: object,
  logger: methods(['info', 'warn', 'error'], 'that of pino, or console'),
  observers: listOf(observer),
};

/**
 * @throws TypeError for an option that does not exist, which is most often a slip of the pen, or has a wrong type; RangeError for a
 * number that is none of it
 */
export function checkOptions(given: PortalOptions): void {
  checkAgainst(given, OPTIONS);
}
