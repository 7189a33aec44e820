/** Where Portal logs: any logger with pino's shape. */
export interface Logger {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

/** The default: warnings and errors go to standard error. */
export const consoleLogger: Logger = {
  info() {},
  warn: (details, message) => console.warn(`[portal] ${message}`, details),
  error: (details, message) => console.error(`[portal] ${message}`, details),
};
