import { STATUS_CODES } from 'node:http';
import { acceptFor, isWebSocketKey } from './accept-key';
import { checkedValue, fieldsOf, type AnswerHeaders } from './answer-headers';
import type { Refusal } from './refusal';

/** The terms of an accepted handshake. */
export interface Agreement {
  /** The subprotocol; '' for none. */
  readonly protocol: string;
  /** The value of `Sec-WebSocket-Extensions`. */
  readonly extensions?: string | undefined;
}

/** The headers of an answer over HTTP/2, as Node takes them. */
type Http2Answer = Record<string, string | number | string[]>;

/**
 * The 101 answer of RFC 6455 4.2.2. Further `headers` that would replace its own are left out.
 * @throws TypeError for a header that may not be sent
 */
export function acceptResponse(key: string, { protocol, extensions }: Agreement, headers: AnswerHeaders = {}): string {
  let head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${acceptFor(key)}\r\n`;
  if (protocol !== '') head += headerLine('Sec-WebSocket-Protocol', checkedValue('Sec-WebSocket-Protocol', protocol));
  if (extensions !== undefined) head += headerLine('Sec-WebSocket-Extensions', extensions);
  for (const { name, values } of fieldsOf(headers, isOurs).values()) head += headerLines(name, values);
  return head + '\r\n';
}

/**
 * The answer 200 over HTTP/2 (RFC 8441 section 5), which needs no key.
 * @param key the key of a client that sends one nevertheless: undici 7 does, and expects `Sec-WebSocket-Accept`
 */
export function connectHeaders(
  { protocol, extensions }: Agreement,
  headers: AnswerHeaders = {},
  key?: string,
): Http2Answer {
  return {
    ':status': 200,
    ...(key !== undefined && isWebSocketKey(key) && { 'sec-websocket-accept': acceptFor(key) }),
    ...(protocol !== '' && { 'sec-websocket-protocol': checkedValue('Sec-WebSocket-Protocol', protocol) }),
    ...(extensions !== undefined && { 'sec-websocket-extensions': extensions }),
    ...lowerCase(headers, (name) => isOurs(name) || OF_HTTP1.has(name)),
  };
}

/** The headers of a refusal over HTTP/2. */
export function refusalHeaders({ status, headers, body }: Refusal): Http2Answer {
  return {
    ':status': status,
    'content-type': 'text/plain; charset=utf-8',
    ...lowerCase(headers, (name) => OURS.has(name) || OF_HTTP1.has(name)),
    'content-length': Buffer.byteLength(body),
  };
}

function lowerCase(headers: AnswerHeaders, leavesOut: (name: string) => boolean): Record<string, string | string[]> {
  const fields = [...fieldsOf(headers, leavesOut)];
  return Object.fromEntries(fields.map(([name, { values }]) => [name, values.length === 1 ? values[0]! : values]));
}

function isOurs(name: string): boolean {
  return OURS.has(name) || AGREED.has(name);
}

/** A whole HTTP/1.1 answer that ends the connection. */
export function refusalResponse(refusal: Refusal): Buffer {
  const fields = fieldsOf(refusal.headers, (name) => OURS.has(name));
  let head = `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status] ?? 'Refused'}\r\n`;
  // RFC 9110 7.8: a sender of Upgrade names it in Connection too
  head += fields.has('upgrade') ? 'Connection: close, Upgrade\r\n' : 'Connection: close\r\n';
  if (!fields.has('content-type')) head += 'Content-Type: text/plain; charset=utf-8\r\n';
  for (const { name, values } of fields.values()) head += headerLines(name, values);
  const body = Buffer.from(refusal.body);
  return Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`, 'latin1'), body]);
}

/** Headers that only Portal sets. */
const OURS = new Set(['connection', 'content-length', 'transfer-encoding', 'sec-websocket-accept']);
const AGREED = new Set(['upgrade', 'sec-websocket-protocol', 'sec-websocket-extensions']);
/** HTTP/2 forbids headers of the connection (RFC 9113 8.2.2), and Node throws for them. */
const OF_HTTP1 = new Set(['upgrade', 'keep-alive', 'proxy-connection', 'http2-settings', 'te']);

function headerLines(name: string, values: readonly string[]): string {
  return values.map((value) => headerLine(name, value)).join('');
}

function headerLine(name: string, value: string): string {
  return `${name}: ${value}\r\n`;
}
