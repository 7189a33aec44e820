import { MAX_AUTHORITY } from './origins';

/** The path and query of a request target. */
export interface RequestTarget {
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
}

/**
 * Parses a path, or an absolute http(s) URI (RFC 6455 4.2.1 item 1). Returns `undefined` for another target, for a fragment
 * (item 3), and for a path that cannot be percent-decoded.
 */
export function parseRequestTarget(target: string): RequestTarget | undefined {
  if (target.includes('#')) return undefined;
  if (!target.startsWith('/')) {
    const authorityEnd = /^https?:\/\/[^/?]+/i.exec(target)?.[0].length;
    if (authorityEnd === undefined || authorityEnd > 'https://'.length + MAX_AUTHORITY) return undefined;
    if (!URL.canParse(target)) return undefined;
    const rest = target.slice(authorityEnd);
    return parseRequestTarget(rest.startsWith('/') ? rest : `/${rest}`);
  }
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  return isDecodable(path) ? { path, query: mark < 0 ? '' : target.slice(mark + 1) } : undefined;
}

/** True where two hexadecimal digits follow each `%` (RFC 3986 2.1), and encode UTF-8. */
function isDecodable(path: string): boolean {
  if (!path.includes('%')) return true;
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false;
  }
}
