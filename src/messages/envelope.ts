import { PortalError } from './portal-error';

// The rules of events for both ends. docs/guide/writing-a-client.md has them for clients in other languages.

/** One event, request, answer or error between a client and a controller, whatever bytes carry it. */
export interface Envelope {
  /** The event's name. Absent in the error reply to a message that named none. */
  event?: string | undefined;
  data?: unknown;
  /** Asks for an answer, which has the same `event` and `id`. Ids of the server's own requests begin with `s:`. */
  id?: string | number | undefined;
  /** In place of `data`. */
  error?: ErrorPayload | undefined;
  /** One of several answers to an `id`; more will follow. */
  more?: boolean | undefined;
  /** Ends several answers to an `id`; has no `data`. */
  done?: boolean | undefined;
}

/** A `PortalError` on its way. */
export interface ErrorPayload {
  code: string;
  message: string;
  details?: unknown;
  truncated?: boolean | undefined;
}

/** The message or call that a reply answers. One object serves all messages that differ in neither. */
export interface ReplyTo {
  /** `undefined` for a message that is no event. */
  readonly event: string | undefined;
  /** `undefined` where no answer is owed. */
  readonly id: string | number | undefined;
}

/** The `ReplyTo` of all that is no event. */
export const NO_REPLY: ReplyTo = { event: undefined, id: undefined };

/** The beginning of the ids of the server's requests. A client takes no such id for its own. */
export const SERVER_ID = 's:';

/** True for the id of a request of the server: an envelope from a client that has it is an answer. */
export function isServerId(id: unknown): id is string {
  return typeof id === 'string' && id.startsWith(SERVER_ID);
}

/** True for what an envelope may have as its `id`. A number that some peer cannot hold would come back as another. */
export function isId(id: unknown): id is string | number | undefined {
  if (typeof id === 'number') return Math.abs(id) <= Number.MAX_SAFE_INTEGER;
  return id === undefined || typeof id === 'string';
}

/** The one answer to a request; without an id, an event. */
export function answerTo({ event, id }: ReplyTo, data: unknown): Envelope {
  return id === undefined ? { event, data } : { event, data, id };
}

/** One of several answers to a request. */
export function itemTo({ event, id }: ReplyTo, item: unknown): Envelope {
  return { event, data: item ?? null, id, more: true };
}

/** The end of several answers to a request. */
export function endTo({ event, id }: ReplyTo): Envelope {
  return { event, id, done: true };
}

/** The error reply to a message; names no event where the message named none. */
export function errorTo({ event, id }: ReplyTo, error: ErrorPayload): Envelope {
  return { ...(event !== undefined && { event }), error, ...(id !== undefined && { id }) };
}

/** @throws TypeError where a user's class has made something else of `code` or `message` */
export function payloadOf(error: Pick<PortalError, 'code' | 'message'> & Partial<PortalError>): ErrorPayload {
  const { code, message, details, truncated } = error as ErrorPayload;
  if (typeof code !== 'string' || typeof message !== 'string') {
    throw new TypeError('the code and the message of an error must be strings');
  }
  return { code, message, ...(details !== undefined && { details }), ...(truncated === true && { truncated }) };
}

/** The error of an envelope that the other end has sent: whatever stands there. */
export function errorIn(payload: unknown): PortalError {
  const { code, message, details, truncated } = Object(payload) as Record<string, unknown>;
  const text = typeof message === 'string' ? message : undefined;
  return new PortalError(typeof code === 'string' ? code : 'internal_error', text, {
    details,
    truncated: truncated === true,
  });
}

/** A request that waits for its answer. */
export interface PendingRequest {
  resolve(data: unknown): void;
  reject(reason: unknown): void;
  /** One of several answers; absent where only one is expected, and the first is taken for it. */
  item?(data: unknown): void;
  /** The end of several answers. */
  end?(): void;
}

/** Passes an answer to the request. False where more answers follow. */
export function settle(request: PendingRequest, { data, error, more, done }: Envelope): boolean {
  if (more === true && request.item !== undefined) {
    request.item(data);
    return false;
  }
  // some write null for what is not there
  if (error !== undefined && error !== null) request.reject(errorIn(error));
  else if (done === true && request.end !== undefined) request.end();
  else request.resolve(data);
  return true;
}
