/**
 * Pages that may connect: `'*'` for all, a list, or a function. A list has exact origins (also `null` and `file://`),
 * `https://*.example.com` for all hosts below one, and patterns that must match a whole origin. A function admits a page by
 * returning or resolving with `true`; no other value does.
 */
export type Origins<Request = unknown> =
  '*' | (string | RegExp)[] | ((origin: string | undefined, request: Request) => Promise<boolean> | boolean);

/** Judges the `Origin` header of a request, given its `Host` header. */
export type OriginRule<Request> = (
  origin: string | undefined,
  host: string | undefined,
  request: Request,
) => Promise<boolean> | boolean;

/**
 * The rule for an option (RFC 6455 10.2). By default a page may connect to its own host, on any port; listed origins replace
 * that rule. A request without `Origin` comes from no page: every rule except a function admits it.
 * @throws TypeError for a listed string that is no origin, with a suggestion
 */
export function originRule<Request>(origins: Origins<Request> | undefined): OriginRule<Request> {
  if (origins === undefined) return (origin, host) => origin === undefined || isSameHost(origin, host);
  if (origins === '*') return () => true;
  if (typeof origins === 'function') return (origin, _host, request) => origins(origin, request);
  const written = origins.filter((entry) => typeof entry === 'string');
  const exact = new Set(written.filter((entry) => !isWildcard(entry)).map(checkedOrigin));
  const below = written.filter(isWildcard).map(hostsBelow);
  const patterns = [...below, ...origins.filter((entry) => entry instanceof RegExp).map(wholeMatch)];
  return (origin) => origin === undefined || exact.has(origin) || patterns.some((pattern) => pattern.test(origin));
}

/** Origins of pages without a host: sandboxed frames (RFC 6454 7.1), and files in Chromium and Electron. */
const WITHOUT_HOST = ['null', 'file://'];

function checkedOrigin(entry: string): string {
  if (WITHOUT_HOST.includes(entry)) return entry;
  const origin = URL.canParse(entry) ? new URL(entry) : undefined;
  const serialized = origin?.host ? `${origin.protocol}//${origin.host}` : undefined;
  if (serialized === entry) return entry;
  const meant = entry.startsWith('file:') ? 'file://' : serialized;
  const hint = meant === undefined ? 'write it like https://app.example.com' : `did you mean ${meant}?`;
  throw new TypeError(`${JSON.stringify(entry)} in origins is no origin: ${hint}`);
}

const isWildcard = (entry: string): boolean => entry !== '*' && entry.includes('*');

/** The asterisk stands for one or more labels. The dot behind them keeps `https://evilexample.com` out. */
function hostsBelow(entry: string): RegExp {
  const [scheme = '', host = '', ...more] = entry.split('://*.');
  if (more.length > 0 || host === '' || host.includes('*')) {
    throw new TypeError(
      `${JSON.stringify(entry)} in origins: an asterisk stands for the labels before a host, as in https://*.example.com`,
    );
  }
  const [, escaped = ''] = checkedOrigin(`${scheme}://${host}`)
    .replace(/[.\\^$*+?()[\]{}|]/g, '\\$&')
    .split('://');
  return new RegExp(`^${scheme}://(?:[a-z0-9_-]+\\.)+${escaped}$`);
}

/** A pattern without anchors would let `https://app.example.com.evil.net` in. */
function wholeMatch(pattern: RegExp): RegExp {
  return new RegExp(`^(?:${pattern.source})$`, pattern.flags.replace(/[gy]/g, ''));
}

function isSameHost(origin: string, host: string | undefined): boolean {
  if (host === undefined) return false;
  const page = hostName(origin, /^https?:\/\/([^/@?#\\\s]+)$/i);
  const ours = hostName(host, /^([^/@?#\\\s,]+)$/);
  return page !== undefined && page === ours;
}

/** A host has at most 253 characters (RFC 1035 2.3.4), its port five. The time of URL parsers grows with the square of the length. */
export const MAX_AUTHORITY = 259;

/** The host name, as URLs write it and without port, of the authority that the pattern finds in the text. */
function hostName(text: string, pattern: RegExp): string | undefined {
  const authority = pattern.exec(text)?.[1];
  if (authority === undefined || authority.length > MAX_AUTHORITY) return undefined;
  const url = `http://${authority}`;
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}
