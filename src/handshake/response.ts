import { STATUS_CODES, type OutgoingHttpHeaders } from 'node:http';
import { acceptFor, isWebSocketKey } from './accept-key';
import type { Refusal } from './refusal';
import { isToken } from './tokens';

/** Headers of an answer by name; a list is several headers of that name, such as `Set-Cookie`. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[]>>;

/** What client and server agreed on. */
export interface Agreement {
  /** '' for none. */
  readonly protocol: string;
  /** The value of `Sec-WebSocket-Extensions`. */
  readonly extensions?: string | undefined;
}

/**
 * The 101 answer of RFC 6455 4.2.2. `headers`: more of them, but for those that the answer is made of.
 * @throws TypeError for a header that may not be sent
 */
export function acceptResponse(key: string, { protocol, extensions }: Agreement, headers: AnswerHeaders = {}): string {
  let head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n`;
  if (protocol !== '') head += headerLine('Sec-WebSocket-Protocol', protocol);
  if (extensions !== undefined) head += headerLine('Sec-WebSocket-Extensions', extensions);
  for (const [name, value] of Object.entries(headers)) if (!isOurs(name)) head += headerLine(name, value);
  return head + '\r\n';
}

/**
 * The same over HTTP/2 (RFC 8441 section 5): 200, and no key to prove.
 * @param key of a client that sends one nevertheless, as undici 7 does, which then waits for the proof
 */
export function connectHeaders(
  { protocol, extensions }: Agreement,
  headers: AnswerHeaders = {},
  key?: string,
): OutgoingHttpHeaders {
  return {
    ':status': 200,
    ...(key !== undefined && isWebSocketKey(key) && { 'sec-websocket-accept': acceptFor(key) }),
    ...(protocol !== '' && { 'sec-websocket-protocol': checked('Sec-WebSocket-Protocol', protocol) }),
    ...(extensions !== undefined && { 'sec-websocket-extensions': extensions }),
    ...lowerCase(headers, (name) => isOurs(name) || isOfHttp1(name)),
  };
}

/** The headers of a refusal over HTTP/2. */
export function refusalHeaders({ status, headers, body }: Refusal): OutgoingHttpHeaders {
  return {
    ':status': status,
    'content-type': 'text/plain; charset=utf-8',
    ...lowerCase(headers, (name) => OURS.has(name.toLowerCase()) || isOfHttp1(name)),
    'content-length': Buffer.byteLength(body),
  };
}

function lowerCase(headers: AnswerHeaders, leaveOut: (name: string) => boolean): OutgoingHttpHeaders {
  const kept = Object.entries(headers).filter(([name]) => !leaveOut(name));
  return Object.fromEntries(
    kept.map(([name, value]) => [
      name.toLowerCase(),
      Array.isArray(value) ? value.map((each) => checked(name, each as string)) : checked(name, value as string),
    ]),
  );
}

function isOurs(name: string): boolean {
  return OURS.has(name.toLowerCase()) || AGREED.has(name.toLowerCase());
}

/** RFC 9113 8.2.2: what speaks of the connection has no place in HTTP/2, and Node throws for it. */
function isOfHttp1(name: string): boolean {
  return OF_HTTP1.has(name.toLowerCase());
}

/** A whole HTTP/1.1 answer that ends the connection. */
export function refusalResponse(refusal: Refusal): Buffer {
  const own = new Set(Object.keys(refusal.headers).map((name) => name.toLowerCase()));
  let head = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Refused'}\r\n`;
  // RFC 9110 7.8: who sends Upgrade names it in Connection too
  head += own.has('upgrade') ? 'Connection: close, Upgrade\r\n' : 'Connection: close\r\n';
  if (!own.has('content-type')) head += 'Content-Type: text/plain; charset=utf-8\r\n';
  for (const [name, value] of Object.entries(refusal.headers)) {
    if (!OURS.has(name.toLowerCase())) head += headerLine(name, value);
  }
  const body = Buffer.from(refusal.body);
  return Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`, 'latin1'), body]);
}

/** Ours alone to say; whatever else names them is left out. */
const OURS = new Set(['connection', 'content-length', 'transfer-encoding', 'sec-websocket-accept']);
const AGREED = new Set(['upgrade', 'sec-websocket-protocol', 'sec-websocket-extensions']);
const OF_HTTP1 = new Set(['upgrade', 'keep-alive', 'proxy-connection', 'http2-settings', 'te']);

/** Visible characters, spaces and tabs (RFC 9110 5.5): no CR or LF, with which one could write headers of one's own. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

function headerLine(name: string, value: string | readonly string[]): string {
  const values = Array.isArray(value) ? (value as readonly string[]) : [value as string];
  return values.map((each) => `${name}: ${checked(name, each)}\r\n`).join('');
}

/** @throws TypeError for what would not be one header */
function checked(name: string, value: string): string {
  if (!isToken(name)) throw new TypeError(`${JSON.stringify(name)} is no header name`);
  if (typeof value !== 'string')
    throw new TypeError(`the value of the header ${name} must be a string, or a list of strings`);
  if (FIELD_VALUE.test(value)) return value;
  throw new TypeError(`the value of the header ${name} has a character that may not be sent`);
}
