import type { IncomingHttpHeaders } from 'node:http';

/** Headers that many clients share, none of them secret. */
const COMMON = [
  'accept-encoding',
  'accept-language',
  'cache-control',
  'connection',
  'host',
  'origin',
  'pragma',
  'sec-websocket-extensions',
  'sec-websocket-protocol',
  'sec-websocket-version',
  'upgrade',
  'user-agent',
] as const satisfies (keyof IncomingHttpHeaders)[];

const MAX_VALUES = 1024;
const MAX_LENGTH = 256;

/**
 * Keeps one copy of header values that many clients send, half a kilobyte for a browser. Node creates new strings for each
 * request, and a connection keeps its headers while it lives.
 */
export class InternedHeaders {
  private readonly values = new Map<string, string>();

  /** Replaces values in these headers by the kept copies. */
  in(headers: IncomingHttpHeaders): IncomingHttpHeaders {
    for (const name of COMMON) {
      const value = headers[name];
      if (value === undefined || value.length > MAX_LENGTH) continue;
      const kept = this.values.get(value);
      if (kept === undefined) this.keep(value);
      else headers[name] = kept;
    }
    return headers;
  }

  /** Forgets all values when there are too many, so that a client with ever new values fills no memory. */
  private keep(value: string): void {
    if (this.values.size >= MAX_VALUES) this.values.clear();
    this.values.set(value, value);
  }
}
