import { inspect } from 'node:util';
import { callUser, errorThrown } from '../messages';

/** A logger in the shape of pino's. */
export interface Logger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** The default logger: writes warnings and errors to standard error. */
export const consoleLogger: Logger = {
  info() {},
  warn: (details, message) => console.warn(`[portal] ${message}`, details),
  error: (details, message) => console.error(`[portal] ${message}`, details),
};

const LEVELS = ['info', 'warn', 'error'] as const;

/**
 * Wraps a logger, so that it neither throws nor rejects. The first failure is written to standard error, since there is no other place.
 * @throws TypeError for a logger without one of the methods
 */
export function guardedLogger(logger: Logger): Logger {
  const missing = LEVELS.filter((level) => typeof (Object(logger) as Partial<Logger>)[level] !== 'function');
  if (missing.length > 0) {
    throw new TypeError(
      `logger has no method ${missing.join(', ')}: it needs ${LEVELS.join(', ')}, each (details, message), as pino has`,
    );
  }
  let isTold = false;
  const failed = (thrown: unknown): void => {
    const error = errorThrown(thrown, () => {});
    if (isTold) return;
    isTold = true;
    process.emitWarning(`the logger failed, and what it was given is lost: ${inspect(error)}`, 'PortalWarning');
  };
  const guarded = (level: (typeof LEVELS)[number]) => (details: object, message: string) =>
    callUser(() => logger[level](details, message), failed);
  return { info: guarded('info'), warn: guarded('warn'), error: guarded('error') };
}
