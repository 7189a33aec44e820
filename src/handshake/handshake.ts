import type { IncomingHttpHeaders } from 'node:http';

/** The request that opened a connection. */
export interface Handshake {
  /** Names in lower case, as Node gives them. */
  readonly headers: IncomingHttpHeaders;
  /** The request target: path and query. */
  readonly url: string;
  readonly remoteAddress: string;
  readonly httpVersion: '1.1' | '2.0';
  /** Whether it came over TLS. */
  readonly secure: boolean;
}
