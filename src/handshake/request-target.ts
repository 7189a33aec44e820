import { MAX_AUTHORITY } from './origins';

/** The path and query of a request target, or undefined where a WebSocket's resource name cannot be that. */
export interface RequestTarget {
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
}

/** RFC 6455 4.2.1 item 1: a path, or an absolute http(s) URI; 3: no fragment. */
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
  return mark < 0 ? { path: target, query: '' } : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}
