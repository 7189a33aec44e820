import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Server as NetServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { Server as TlsServer } from 'node:tls';

/** Names and values: so many Node reads of one request unless the server says otherwise, and drops the rest. */
const MAX_HEADERS = 1000;

/** What is said of the connection, and what asks for the upgrade (RFC 7540 3.2). */
const LEFT_OUT = new Set(['connection', 'upgrade', 'http2-settings']);

/** Whether all headers of a request are there. Without them nobody knows where its body ends. */
export function isWhole(request: IncomingMessage, { maxHeadersCount }: HttpServer): boolean {
  return request.rawHeaders.length < 2 * (maxHeadersCount || MAX_HEADERS);
}

/**
 * RFC 9110 7.8: "A server MAY ignore a received Upgrade header field". Node does as long as nobody listens for upgrades; after that
 * it reads no body, and the request is nobody's. So it is put back without what asks for the upgrade, and the server reads it again.
 */
export function serveWithoutUpgrade(server: NetServer, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  socket.unshift(Buffer.concat([Buffer.from(headOf(request), 'latin1'), head]));
  server.emit(server instanceof TlsServer ? 'secureConnection' : 'connection', socket);
}

function headOf({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  // the last one: whatever is behind it was not meant to be read twice
  let head = `${method} ${url} HTTP/${httpVersion}\r\nConnection: close\r\n`;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i]!;
    if (!LEFT_OUT.has(name.toLowerCase())) head += `${name}: ${rawHeaders[i + 1]}\r\n`;
  }
  return `${head}\r\n`;
}
