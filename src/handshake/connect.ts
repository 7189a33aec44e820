import type { IncomingHttpHeaders } from 'node:http';
import { Refusal } from './refusal';
import { hasBody, HOST, offerOf, type Offer } from './upgrade';

/** The headers of an HTTP/2 request, pseudo-headers among them. */
export type ConnectHeaders = IncomingHttpHeaders & {
  readonly ':method'?: string | undefined;
  readonly ':protocol'?: string | undefined;
  readonly ':scheme'?: string | undefined;
  readonly ':authority'?: string | undefined;
  readonly ':path'?: string | undefined;
};

/**
 * Checks an extended CONNECT for a WebSocket (RFC 8441 sections 4 and 5). Node has refused already what HTTP/2 forbids (doubled
 * pseudo-headers, `Connection`, `Upgrade`).
 */
export function judgeConnect(headers: ConnectHeaders): Offer | Refusal {
  const { ':scheme': scheme, ':authority': authority, ':path': path, host } = headers;
  if (scheme !== 'https' && scheme !== 'http') return new Refusal(400, 'The :scheme must be http or https.');
  if (authority === undefined || !HOST.test(authority)) return new Refusal(400, 'A well-formed :authority is needed.');
  // RFC 9113 8.3.1
  if (host !== undefined && host !== authority) return new Refusal(400, 'Host and :authority must be the same.');
  if (path === undefined || !path.startsWith('/')) return new Refusal(400, 'The :path must be an absolute path.');
  if (hasBody(headers)) return new Refusal(400, 'A WebSocket handshake has no body.');
  if (headers['sec-websocket-version'] !== '13') {
    return new Refusal(400, 'The Sec-WebSocket-Version header must be 13.', { 'Sec-WebSocket-Version': '13' });
  }
  return offerOf(headers);
}
