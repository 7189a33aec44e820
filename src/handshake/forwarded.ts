import { ipVersion } from './ip-version';
import { isToken } from './tokens';

/** Where a request came from, as one of the proxies on its way saw it. */
export interface Hop {
  /** An IP address; '' where the proxy keeps it to itself or it cannot be read, undefined where nothing is said of it. */
  readonly address: string | undefined;
  /** In lower case, such as `https`; undefined where nothing is said of it. */
  readonly scheme: string | undefined;
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What `Forwarded` says (RFC 7239), the client's hop first; undefined where it breaks the grammar. */
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

/** What `X-Forwarded-For` and `X-Forwarded-Proto` say, the client's hop first. */
export function xForwardedHops(headers: Headers): Hop[] {
  const addresses = listOf(headers['x-forwarded-for']);
  const schemes = listOf(headers['x-forwarded-proto']);
  // most proxies write one in place of whatever was there
  const schemeOf = (index: number): string | undefined =>
    (schemes.length === addresses.length ? schemes[index] : schemes.at(-1))?.toLowerCase();
  if (addresses.length === 0) return schemes.length === 0 ? [] : [{ address: undefined, scheme: schemeOf(0) }];
  return addresses.map((address, index) => ({ address: addressIn(address), scheme: schemeOf(index) }));
}

/** RFC 7239 6: `192.0.2.1`, `192.0.2.1:80`, `[2001:db8::1]:_port`; also without brackets. '' for `unknown`, `_hidden` and the like. */
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

/** `for="[2001:db8::1]:80";proto=https`; names in lower case. */
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

/** The value; undefined where a quotation mark is out of place. Other characters than those of a token are let pass. */
function unquoted(value: string): string | undefined {
  if (!value.includes('"')) return value;
  return /^"((?:[^"\\]|\\.)*)"$/.exec(value)?.[1]?.replace(/\\(.)/g, '$1');
}

/** What is between separators, without the spaces around it, in one pass. What is empty is skipped (RFC 9110 5.6.1). */
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
