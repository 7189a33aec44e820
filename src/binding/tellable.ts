import { PortalError } from '../messages';

/**
 * An error as the client is told of it; `undefined` for an error that it is not told of. A `TypeError` with the code `validation_failed` is
 * about a channel's name, which a client chose most often. The code identifies it, since it may come from another copy of the package.
 */
export function tellable(error: unknown): PortalError | undefined {
  if (error instanceof PortalError) return error;
  if (!(error instanceof TypeError)) return undefined;
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  if (code !== 'validation_failed') return undefined;
  return new PortalError(code, typeof reason === 'string' ? reason : undefined, { cause: error });
}
