/** Where a request came from, as one of the proxies on its way saw it. */
export interface Hop {
  /** As it was written, perhaps with a port, or a word in place of an address. */
  readonly address: string;
  /** `https` or `http`; undefined where nobody says. */
  readonly scheme: string | undefined;
}

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Reads `Forwarded` (RFC 7239), or where there is none `X-Forwarded-For` and `X-Forwarded-Proto`. The client's hop is the first. */
export function hopsOf(headers: Headers): Hop[] {
  const standard = textOf(headers.forwarded);
  if (standard !== undefined) {
    return splitOutsideQuotes(standard, ',')
      .map(parametersOf)
      .map((parameters) => ({
        address: parameters.get('for') ?? 'unknown',
        scheme: parameters.get('proto')?.toLowerCase(),
      }));
  }
  const addresses = listOf(headers['x-forwarded-for']);
  const schemes = listOf(headers['x-forwarded-proto']);
  const aligned = schemes.length === addresses.length;
  return addresses.map((address, index) => ({
    address,
    // most proxies write one in place of whatever was there
    scheme: (aligned ? schemes[index] : schemes.at(-1))?.toLowerCase(),
  }));
}

/** An address without its port and brackets: `[2001:db8::1]:80`, `192.0.2.1:80`. */
export function withoutPort(address: string): string {
  const bracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(address);
  if (bracketed !== null) return bracketed[1]!;
  const colon = address.indexOf(':');
  return colon >= 0 && colon === address.lastIndexOf(':') ? address.slice(0, colon) : address;
}

function listOf(header: string | readonly string[] | undefined): string[] {
  return (
    textOf(header)
      ?.split(',')
      .map((item) => item.trim()) ?? []
  );
}

function textOf(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'object' ? header.join(',') : header;
}

/** `for="[2001:db8::1]:80";proto=https`; names in lower case, the first of each. */
function parametersOf(element: string): Map<string, string> {
  const parameters = new Map<string, string>();
  for (const pair of splitOutsideQuotes(element, ';')) {
    const equals = pair.indexOf('=');
    const name = pair.slice(0, Math.max(0, equals)).trim().toLowerCase();
    if (name !== '' && !parameters.has(name)) parameters.set(name, unquoted(pair.slice(equals + 1).trim()));
  }
  return parameters;
}

function unquoted(value: string): string {
  return value.startsWith('"') && value.endsWith('"') && value.length > 1
    ? value.slice(1, -1).replace(/\\(.)/g, '$1')
    : value;
}

/** One pass; a quoted string that does not end takes the rest. */
function splitOutsideQuotes(text: string, separator: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (quoted && character === '\\') at++;
    else if (character === '"') quoted = !quoted;
    else if (character === separator && !quoted) {
      parts.push(text.slice(start, at));
      start = at + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
