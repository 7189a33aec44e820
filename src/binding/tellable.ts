import { PortalError } from '../messages';

/**
 * An error as its peer is told of it; undefined for what is nobody's business but ours. A TypeError with the code `validation_failed` is
 * one about a channel's name: most often a client made it impossible. It is known by its code, since it may come from another copy of
 * the package.
 */
export function tellable(error: unknown): PortalError | undefined {
  if (error instanceof PortalError) return error;
  if (!(error instanceof TypeError)) return undefined;
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  if (code !== 'validation_failed') return undefined;
  return new PortalError(code, typeof reason === 'string' ? reason : undefined, { cause: error });
}
