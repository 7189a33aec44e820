import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server as TlsServer } from 'node:tls';

/** The most headers that Node reads of a request by default; it drops the rest. */
const MAX_HEADERS = 1000;

/** Headers of the connection, and of the upgrade (RFC 7540 3.2). */
const LEFT_OUT = new Set(['connection', 'upgrade', 'http2-settings']);

/** True for a request of which Node dropped no header. A dropped header may say where the body ends. */
export function isWhole(request: IncomingMessage, { maxHeadersCount }: HttpServer): boolean {
  return request.rawHeaders.length < 2 * (maxHeadersCount || MAX_HEADERS);
}

/**
 * RFC 9110 7.8: "A server MAY ignore a received Upgrade header field". Node ignores the header until somebody listens for upgrades;
 * then it reads no body. So the request is put back without its upgrade, and the server reads it again.
 */
export function serveWithoutUpgrade(server: NetServer, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.unshift(Buffer.concat([Buffer.from(headOf(request), 'latin1'), head]));
  server.emit(server instanceof TlsServer ? 'secureConnection' : 'connection', socket);
}

function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  // the last request: later bytes must not be read twice
  let head = `${method} ${url} HTTP/${httpVersion}\r\nConnection: close\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (!LEFT_OUT.has(name.toLowerCase())) head += `${name}: ${rawHeaders[i + 1]}\r\n`;
  }
  return `${head}\r\n`;
}
