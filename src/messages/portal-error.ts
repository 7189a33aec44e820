/** The codes of Portal's own error replies, with their default messages and their HTTP statuses at an upgrade. */
export const ERROR_CODES = {
  malformed_message: { status: 400, message: 'The message could not be read.' },
  unknown_event: { status: 404, message: 'No handler takes this event.' },
  validation_failed: { status: 400, message: 'The message is not valid.' },
  unauthorized: { status: 401, message: 'Authentication is needed.' },
  forbidden: { status: 403, message: 'This is not allowed.' },
  rate_limited: { status: 429, message: 'Too many messages.' },
  timeout: { status: 504, message: 'No answer came in time.' },
  internal_error: { status: 500, message: 'Something went wrong.' },
  history_lost: { status: 410, message: 'Not all messages since then are kept.' },
  unavailable: { status: 503, message: 'This cannot be done at the moment.' },
} as const satisfies Record<string, { status: number; message: string }>;

/** A code of Portal, or of the application. */
export type ErrorCode = keyof typeof ERROR_CODES | (string & {});

export interface PortalErrorOptions extends ErrorOptions {
  /** Data for the client's program, sent with the error reply. Default: none. */
  details?: unknown;
  /** Says in the error reply that `details` are not complete. Default false. */
  truncated?: boolean | undefined;
  /** HTTP status at an upgrade, from 300 to 599. Default: the status of the code, 500 for a code of the application. */
  status?: number | undefined;
}

/** An error that the client is told: as an error reply with its code, or at an upgrade as a refusal with its status. */
export class PortalError extends Error {
  override name = 'PortalError';
  readonly details: unknown;
  readonly truncated: boolean;
  readonly status: number;

  /** @throws RangeError for a status that is not from 300 to 599 */
  constructor(
    readonly code: ErrorCode,
    message?: string,
    options: PortalErrorOptions = {},
  ) {
    const known = Object.hasOwn(ERROR_CODES, code) ? ERROR_CODES[code as keyof typeof ERROR_CODES] : undefined;
    super(message ?? known?.message ?? code, options);
    this.details = options.details;
    this.truncated = options.truncated === true;
    this.status = options.status ?? known?.status ?? 500;
    if (!Number.isInteger(this.status) || this.status < 300 || this.status > 599) {
      throw new RangeError(`the status of a PortalError is a whole number from 300 to 599, not ${this.status}`);
    }
  }
}

/** The client is not authenticated: 401 at an upgrade, the error reply `unauthorized` for a message. */
export class UnauthorizedError extends PortalError {
  override name = 'UnauthorizedError';

  constructor(message?: string, options?: PortalErrorOptions) {
    super('unauthorized', message, options);
  }
}

/** The client may not do this: 403 at an upgrade, the error reply `forbidden` for a message. */
export class ForbiddenError extends PortalError {
  override name = 'ForbiddenError';

  constructor(message?: string, options?: PortalErrorOptions) {
    super('forbidden', message, options);
  }
}

/** The connection closed before an answer came, or is closed already. */
export class ConnectionClosedError extends Error {
  override readonly name = 'ConnectionClosedError';

  constructor(message = 'the connection closed before the answer came') {
    super(message);
  }
}
