/**
 * Which pages may connect: `'*'`, a list, or a function. In a list: exact origins (`null` and `file://` among them), `https://*.example.com` for the hosts below
 * one, and patterns that must match a whole origin. A function may be asynchronous; it lets in with `true`, and with nothing else.
 */
export type Origins<Request = unknown> =
  '*' | (string | RegExp)[] | ((origin: string | undefined, request: Request) => Promise<boolean> | boolean);

/** Judges the `Origin` header of a request whose `Host` header is given. */
export type OriginRule<Request> = (
  origin: string | undefined,
  host: string | undefined,
  request: Request,
) => Promise<boolean> | boolean;

/**
 * RFC 6455 10.2. Without a setting a page may connect to the host that it came from, whatever the port. Listed origins
 * replace that rule. A request without `Origin` does not come from a page, and passes all but a function.
 * @throws TypeError when a listed string is no origin, with the origin that was probably meant
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

/** What pages send that are at no host: sandboxed frames, and files, such as those of Electron (RFC 6454 7.1, and what Chromium makes of it). */
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

/** One or more labels in place of the asterisk: the dot before what follows keeps `https://evilexample.com` out. */
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

/** A host has 253 characters at the most (RFC 1035 2.3.4), and its port five. URL parsers take time that grows with the square. */
export const MAX_AUTHORITY = 259;

/** The host name in what the pattern takes out of the text, without port, in the form that URLs give it. */
function hostName(text: string, pattern: RegExp): string | undefined {
  const authority = pattern.exec(text)?.[1];
  if (authority === undefined || authority.length > MAX_AUTHORITY) return undefined;
  const url = `http://${authority}`;
  return URL.canParse(url) ? new URL(url).hostname : undefined;
}
