import { ipVersion } from './ip-version';
import { isToken } from './tokens';

/** The sender of a request, as one proxy on its way saw it. */
export interface Hop {
  /** An IP address; '' where the proxy hides it or the text is unreadable, `undefined` where the proxy does not mention it. */
  readonly address: string | undefined;
  /** In lower case, such as `https`; `undefined` where the proxy does not mention it. */
  readonly scheme: string | undefined;
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** The hops of `Forwarded` (RFC 7239), the client first; `undefined` where the header breaks the grammar. */
export function forwardedHops(headers: Headers): Hop[] | undefined {
  const hops: Hop[] = [];
  for (const element of splitOutsideQuotes(textOf(headers.forwarded), ',')) {
    const parameters = parametersOf(element);
    if (parameters === undefined) return undefined;
    const node = parameters.get('for');
    hops.push({ address: node && addressIn(node), scheme: parameters.get('proto')?.toLowerCase() });
  }
  return hops;
}

/** The hops of `X-Forwarded-For` and `X-Forwarded-Proto`, the client first. */
export function xForwardedHops(headers: Headers): Hop[] {
  const addresses = listOf(headers['x-forwarded-for']);
  const schemes = listOf(headers['x-forwarded-proto']);
  // most proxies replace the header by one scheme
  const schemeOf = (index: number): string | undefined =>
    (schemes.length === addresses.length ? schemes[index] : schemes.at(-1))?.toLowerCase();
  if (addresses.length === 0) return schemes.length === 0 ? [] : [{ address: undefined, scheme: schemeOf(0) }];
  return addresses.map((address, index) => ({ address: addressIn(address), scheme: schemeOf(index) }));
}

/** The address in `192.0.2.1`, `192.0.2.1:80` or `[2001:db8::1]:_port` (RFC 7239 6), brackets optional; '' for `unknown` or `_hidden`. */
function addressIn(node: string): string {
  const [, bracketed, bare = node] = NODE_WITH_PORT.exec(node) ?? [];
  if (bracketed !== undefined) return ipVersion(bracketed) === 6 ? bracketed : '';
  return ipVersion(bare) === 0 ? '' : bare;
}

const NODE_WITH_PORT = /^(?:\[([^\]]*)\]|([^:]*))(?::(?:\d{1,5}|_[\w.-]+))?$/;

function listOf(header: string | readonly string[] | undefined): string[] {
  return textOf(header)
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function textOf(header: string | readonly string[] = ''): string {
  return typeof header === 'string' ? header : header.join(',');
}

/** The parameters of `for="[2001:db8::1]:80";proto=https`, names in lower case. */
function parametersOf(element: string): Map<string, string> | undefined {
  const parameters = new Map<string, string>();
  for (const pair of splitOutsideQuotes(element, ';')) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, Math.max(0, equals)).toLowerCase();
    const value = unquoted(pair.slice(equals + 1));
    // RFC 7239 4: "Each parameter MUST NOT occur more than once per field-value"
    if (!isToken(name) || value === undefined || parameters.has(name)) return undefined;
    parameters.set(name, value);
  }
  return parameters;
}

/** The unquoted value; `undefined` for a misplaced quotation mark. Characters outside tokens are allowed. */
function unquoted(value: string): string | undefined {
  if (!value.includes('"')) return value;
  return /^"((?:[^"\\]|\\.)*)"$/.exec(value)?.[1]?.replace(/\\(.)/g, '$1');
}

/** The trimmed parts between separators, in one pass. Empty parts are skipped (RFC 9110 5.6.1). */
function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at <= text.length; at++) {
    const character = text[at];
    if (quoted && character === '\\') at++;
    else if (character === '"') quoted = !quoted;
    if (at < text.length && (quoted || character !== separator)) continue;
    const part = text.slice(start, at).trim();
    if (part !== '') parts.push(part);
    start = at + 1;
  }
  return parts;
}
