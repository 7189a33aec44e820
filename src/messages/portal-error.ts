/** The codes of Portal's own error replies: what they say when no message is given, and their HTTP status at an upgrade. */
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

/** One of Portal's codes, or an application's own. */
export type ErrorCode = keyof typeof ERROR_CODES | (string & {});

export interface PortalErrorOptions extends ErrorOptions {
  /** Sent with the error reply: what a program needs to react. */
  details?: unknown;
  /** Sent beside `details`, where they are not all that there was to say. Default false. */
  truncated?: boolean | undefined;
  /** HTTP status when it is thrown at an upgrade, 300 to 599. Default: that of its code, 500 for a code of your own. */
  status?: number | undefined;
}

/** Thrown by users' code, it is the error reply of its code; at an upgrade, the refusal with its status. */
export class PortalError extends Error {
  override name = 'PortalError';
  readonly details: unknown;
  readonly truncated: boolean;
  readonly status: number;

  /** @throws RangeError when the status refuses nothing */
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

/** Nobody knows who the peer is: 401 at an upgrade, the error reply `unauthorized` for a message. */
export class UnauthorizedError extends PortalError {
  override name = 'UnauthorizedError';

  constructor(message?: string, options?: PortalErrorOptions) {
    super('unauthorized', message, options);
  }
}

/** The peer may not do this: 403 at an upgrade, the error reply `forbidden` for a message. */
export class ForbiddenError extends PortalError {
  override name = 'ForbiddenError';

  constructor(message?: string, options?: PortalErrorOptions) {
    super('forbidden', message, options);
  }
}

/** What was waited for cannot come: the connection is closed, or closing. */
export class ConnectionClosedError extends Error {
  override readonly name = 'ConnectionClosedError';

  constructor(message = 'the connection closed before the answer came') {
    super(message);
  }
}
