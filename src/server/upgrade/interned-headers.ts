import type { IncomingHttpHeaders } from 'node:http';

/** Headers that say the same for many clients, and nothing that a server should forget. */
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
 * Keeps one copy of what many clients send in their headers, half a kilobyte for a browser: Node makes new strings for
 * each request, and a connection keeps its headers as long as it lives.
 */
export class InternedHeaders {
  private readonly values = new Map<string, string>();

  /** Puts kept values in place of equal ones, in the headers given. */
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

  /** Starts anew when it is full, so that a client that sends ever new ones fills no memory. */
  private keep(value: string): void {
    if (this.values.size >= MAX_VALUES) this.values.clear();
    this.values.set(value, value);
  }
}
