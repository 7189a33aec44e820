import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { listHasToken, NO_SUCH_PATH, Refusal, UPGRADE_REQUIRED } from '../handshake';
import type { Gate } from './gate';

/** 426 and `Upgrade` mean nothing over HTTP/2. */
const CONNECT_REQUIRED = new Refusal(400, UPGRADE_REQUIRED.body);

/** Requests that ask for no WebSocket: the user's listener serves them, but for those to a WebSocket's path. */
export class PlainRequests {
  /** Sockets on which an answer said `Connection: close`. */
  private readonly closing = new WeakSet<Duplex>();

  constructor(
    private readonly gate: Gate,
    private readonly listener: RequestListener | undefined,
    /** Whether the server takes connections; undefined where nobody may ask. */
    private readonly ready?: () => boolean,
  ) {}

  serve(request: IncomingMessage, response: ServerResponse): void {
    const health = this.ready && this.healthOf(request.url);
    if (health !== undefined) {
      answer(response, health, { 'Cache-Control': 'no-store' });
      return;
    }
    const isWebSocketPath = this.isWebSocketPath(request);
    if (!isWebSocketPath && this.listener !== undefined) this.listener(request, response);
    else if (request.httpVersionMajor === 2) answer(response, isWebSocketPath ? CONNECT_REQUIRED : NO_SUCH_PATH);
    else {
      // RFC 9110 7.8: who sends Upgrade names it in Connection too
      const connection = isWebSocketPath ? 'close, Upgrade' : 'close';
      answer(response, isWebSocketPath ? UPGRADE_REQUIRED : NO_SUCH_PATH, { Connection: connection });
      this.closing.add(request.socket);
    }
  }

  private healthOf(url: string | undefined): Health | undefined {
    if (url === '/healthz') return ALIVE;
    if (url === '/readyz') return this.ready!() ? READY : NOT_READY;
    return undefined;
  }

  /** Whether a request is served here though it asks for an upgrade, such as `h2c`, which Java's client does with every one. */
  servesWithoutUpgrade(request: IncomingMessage): boolean {
    return !this.isWebSocketPath(request) && !listHasToken(request.headers.upgrade, 'websocket');
  }

  /** Whether an answer of ours was the last on this socket: what follows it gets none. */
  endedOn(socket: Duplex): boolean {
    return this.closing.has(socket);
  }

  private isWebSocketPath({ url = '' }: IncomingMessage): boolean {
    return this.gate.find(url) !== undefined;
  }
}

type Health = Pick<Refusal, 'status' | 'body'> & Partial<Pick<Refusal, 'headers'>>;

const ALIVE: Health = { status: 200, body: 'alive' };
const READY: Health = { status: 200, body: 'ready' };
const NOT_READY: Health = { status: 503, body: 'not ready' };

function answer(response: ServerResponse, { status, headers, body }: Health, more?: Record<string, string>): void {
  response.writeHead(status, {
    'Content-Type': 'text/plain; charset=utf-8',
    'Content-Length': Buffer.byteLength(body),
    ...more,
    ...headers,
  });
  response.end(body);
}
