import type { BindingOptions } from '../binding';
import type { ValidationOptions } from '../validation';
import type { Backplane, HistoryOptions } from '../channels';
import { observer, OF_APPLICATIONS, SHUTDOWN, type EngineOptions } from '../server';
import {
  checkOptions as checkAgainst,
  flag,
  judgedElsewhere,
  listOf,
  methods,
  object,
  options,
  text,
  type Observer,
  type OptionTable,
} from '../connection';
import type { Logger } from './logger';

/** Options of an application. Each has a default. */
export interface PortalOptions
  extends Omit<EngineOptions, 'observer' | 'shutdown' | 'subscriptions' | 'limits'>, BindingOptions {
  /** The application's name in logs. Default: the name of the module. */
  name?: string | undefined;
  /** Default: a logger that writes warnings and errors to standard error. */
  logger?: Logger | undefined;
  shutdown?:
    | {
        /**
         * Milliseconds for all of `close()`. Beyond it connections are terminated, and each `onShutdown` and `dispose` is called but not waited
         * for. Default 30,000.
         */
        deadlineMs?: number | undefined;
        /** SIGTERM and SIGINT close the application, once; the process ends when nothing else keeps it alive. Default false. */
        signals?: boolean | undefined;
      }
    | undefined;
  /** Carries channels between processes: `new RedisBackplane({ url })` or `new NatsBackplane({ servers })`. Default: none, for one process. */
  backplane?: Backplane | undefined;
  /**
   * Channels that keep their latest messages for clients that come back, by name or pattern: `{ 'room:*': { size: 100, ttlSeconds: 60 } }`.
   * Must be the same in all processes. Default: none.
   */
  history?: Record<string, HistoryOptions> | undefined;
  /** Observers of the engine's reports, such as metrics and traces. */
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
 * @throws TypeError for an option that does not exist, which is most often a slip of the pen
 * @throws TypeError for a value of a wrong type
 * @throws RangeError for a number out of its range
 */
export function checkOptions(given: PortalOptions): void {
  checkAgainst(given, OPTIONS);
}
