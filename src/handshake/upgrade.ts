import type { IncomingHttpHeaders } from 'node:http';
import { isWebSocketKey } from './accept-key';
import { parseExtensions, type ExtensionOffer } from './extensions';
import type { OriginRule } from './origins';
import { Refusal } from './refusal';
import { listHasToken, parseTokenList } from './tokens';

/** The part of an HTTP request that the handshake needs; Node's `IncomingMessage` has it. */
export interface UpgradeRequest {
  readonly method?: string | undefined;
  readonly httpVersion: string;
  readonly headers: IncomingHttpHeaders;
  /** Names and values in turn, as received. */
  readonly rawHeaders: readonly string[];
}

/** The offer in a well-formed handshake. */
export interface Offer {
  /** Subprotocols in the client's order of preference. */
  readonly protocols: readonly string[];
  /** Extensions in the client's order of preference. */
  readonly extensions: readonly ExtensionOffer[];
}

export interface UpgradeOffer extends Offer {
  readonly key: string;
}

/**
 * Checks a client's opening handshake (RFC 6455 4.2.1). Node does not check upgrade requests as it checks others, so everything
 * is checked here.
 */
export function judgeUpgrade(request: UpgradeRequest): UpgradeOffer | Refusal {
  const { headers } = request;
  if (request.method !== 'GET') return new Refusal(405, 'A WebSocket handshake is a GET request.', { Allow: 'GET' });
  if (request.httpVersion !== '1.1') return new Refusal(400, 'A WebSocket handshake needs HTTP/1.1.');
  if (occurrences(request.rawHeaders, 'host') !== 1 || !HOST.test(headers.host ?? '')) {
    return new Refusal(400, 'Exactly one well-formed Host header is needed.');
  }
  if (hasBody(headers)) return new Refusal(400, 'A WebSocket handshake has no body.');
  if (!listHasToken(headers.upgrade, 'websocket')) return new Refusal(400, 'The Upgrade header must name websocket.');
  if (!listHasToken(headers.connection, 'upgrade')) return new Refusal(400, 'The Connection header must name Upgrade.');
  if (headers['sec-websocket-version'] !== '13') {
    return new Refusal(426, 'The Sec-WebSocket-Version header must be 13.', {
      'Sec-WebSocket-Version': '13',
      Upgrade: 'websocket',
    });
  }
  const key = headers['sec-websocket-key'];
  if (key === undefined || !isWebSocketKey(key)) {
    return new Refusal(400, 'The Sec-WebSocket-Key header must be 16 bytes in base64.');
  }
  const offer = offerOf(headers);
  return offer instanceof Refusal ? offer : { key, ...offer };
}

/** The subprotocols and extensions that a client offers, over HTTP/1.1 and HTTP/2 alike. */
export function offerOf(headers: IncomingHttpHeaders): Offer | Refusal {
  const protocols = offeredProtocols(headers['sec-websocket-protocol']);
  if (protocols === undefined) {
    return new Refusal(400, 'The Sec-WebSocket-Protocol header must be a list of distinct tokens.');
  }
  const extensions = offeredExtensions(headers['sec-websocket-extensions']);
  if (extensions === undefined) return new Refusal(400, 'The Sec-WebSocket-Extensions header is malformed.');
  return { protocols, extensions };
}

/** RFC 9110 7.2: a host and perhaps a port. */
export const HOST = /^(?:[^\s,/?#@\\:[\]]+|\[[0-9A-Fa-f:.]+\])(?::\d*)?$/;

/** Applies an origin rule (RFC 6455 10.2). Returns a promise where the rule is asynchronous. @throws what the rule throws */
export function judgeOrigin<Request>(
  headers: IncomingHttpHeaders,
  rule: OriginRule<Request>,
  request: Request,
): Promise<Refusal | undefined> | Refusal | undefined {
  const allowed = rule(headers.origin, headers.host, request);
  return typeof allowed === 'object' ? Promise.resolve(allowed).then(refusalOf) : refusalOf(allowed);
}

/** Only `true` admits: a truthy value, such as a match, was not meant as an answer. */
function refusalOf(allowed: unknown): Refusal | undefined {
  return allowed === true ? undefined : FOREIGN_ORIGIN;
}

export const FOREIGN_ORIGIN = new Refusal(403, 'This origin may not connect.');

/** The first subprotocol in the client's order that the server speaks, or '' (RFC 6455 4.2.2 item 5.5). */
export function chooseProtocol(offered: readonly string[], spoken: readonly string[]): string {
  return offered.find((protocol) => spoken.includes(protocol)) ?? '';
}

/** The answer to a plain request for the path of a WebSocket (RFC 9110 15.5.22). */
export const UPGRADE_REQUIRED = new Refusal(426, 'This path speaks WebSocket: connect with a WebSocket client.', {
  Upgrade: 'websocket',
  'Sec-WebSocket-Version': '13',
});

export const NO_SUCH_PATH = new Refusal(404, 'No WebSocket is served at this path.');

export const MALFORMED_TARGET = new Refusal(400, 'The request target is malformed.');

function offeredProtocols(header: string | undefined): string[] | undefined {
  if (header === undefined) return [];
  const protocols = parseTokenList(header);
  // 4.1 item 10: "elements ... MUST all be unique strings"; the ABNF wants at least one
  if (protocols === undefined || protocols.length === 0 || new Set(protocols).size < protocols.length) return undefined;
  return protocols;
}

function offeredExtensions(header: string | undefined): ExtensionOffer[] | undefined {
  return header === undefined ? [] : parseExtensions(header);
}

/** True where the headers announce a body. */
export function hasBody(headers: IncomingHttpHeaders): boolean {
  const length = headers['content-length'];
  return headers['transfer-encoding'] !== undefined || (length !== undefined && Number(length) !== 0);
}

function occurrences(rawHeaders: readonly string[], name: string): number {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length === name.length && rawHeaders[i]!.toLowerCase() === name) count++;
  }
  return count;
}
