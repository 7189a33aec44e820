import type { IncomingHttpHeaders } from 'node:http';

/** The request that opened a connection. */
export interface Handshake {
  /** Names in lower case, as Node gives them. */
  readonly headers: IncomingHttpHeaders;
  /** The request target: path and query. */
  readonly url: string;
  /** The client's IP address, also behind trusted proxies; '' for a Unix socket or an unknown client. */
  readonly remoteAddress: string;
  readonly httpVersion: '1.1' | '2.0';
  /** True where the client connected over TLS, to the server or to a trusted proxy. */
  readonly secure: boolean;
}
