import { PortalError } from 'portal-ws';
import { z } from 'zod';

/** Longest body of a request. */
export const MAX_BODY_BYTES = 4 * 1024;

export const LogIn = z.strictObject({ user: z.string().min(1).max(32), password: z.string().min(1).max(200) });
export const Notify = z.strictObject({ to: z.string().min(1).max(32), text: z.string().trim().min(1).max(500) });

/** @throws PortalError `validation_failed` with every issue */
export function parse<T>(schema: z.ZodType<T>, body: unknown): T {
  const { data, error } = schema.safeParse(body);
  if (error === undefined) return data;
  const details = error.issues.map(({ path, message }) => ({ path: path.join('.'), message }));
  throw new PortalError('validation_failed', 'The body is not valid.', { details });
}

export const NO_SUCH_ROUTE = new PortalError('not_found', 'There is nothing at this path.', { status: 404 });

/** The error for a request that cannot be read, by status. */
const UNREADABLE: Record<number, PortalError> = {
  400: new PortalError('malformed_request', 'The request could not be read.', { status: 400 }),
  413: new PortalError('body_too_large', `A body has at most ${MAX_BODY_BYTES} bytes.`, { status: 413 }),
  415: new PortalError('unsupported_media_type', 'A body must be application/json.', { status: 415 }),
};

/** @throws PortalError */
export function refuseBody(status: 400 | 413 | 415): never {
  throw UNREADABLE[status]!;
}

/** The answer of a route to an error: like Portal's error replies, without details of failures. */
export function errorAnswer(thrown: unknown): { status: number; body: { error: object } } {
  const { status, code, message, details } = thrown instanceof PortalError ? thrown : translate(thrown);
  return { status, body: { error: { code, message, ...(details !== undefined && { details }) } } };
}

/** Errors of a framework have a status; other errors are faults of this program. */
function translate(thrown: unknown): PortalError {
  const { statusCode } = Object(thrown) as { statusCode?: unknown };
  const known = typeof statusCode === 'number' ? UNREADABLE[statusCode] : undefined;
  if (known !== undefined) return known;
  console.error(thrown);
  return new PortalError('internal_error');
}
