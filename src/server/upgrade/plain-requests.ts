import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import { listHasToken, NO_SUCH_PATH, parseRequestTarget, Refusal, UPGRADE_REQUIRED } from '../../handshake';
import { Answers } from '../answers';
import type { Upgrader } from './upgrader';
import { callUser } from '../../messages';

/** HTTP/2 has no 426 and no `Upgrade`. */
const CONNECT_REQUIRED = new Refusal(400, UPGRADE_REQUIRED.body);
const FAILED = new Refusal(500, 'The request failed.');

/** Codes of Node's errors for a client that leaves while its body is read. */
const LEFT = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR']);

export interface PlainOptions {
  readonly listener?: RequestListener | undefined;
  /** True while the server takes connections; `undefined` where `/healthz` and `/readyz` are off. */
  readonly ready?: (() => boolean) | undefined;
  /** Reports what the listener throws, or its promise rejects with. */
  readonly failed: (error: unknown) => void;
}

/** Requests that ask for no WebSocket. The user's listener serves them, except those for the path of a WebSocket. */
export class PlainRequests {
  readonly answers = new Answers();
  /** Sockets with an answer that said `Connection: close`. */
  private readonly closing = new WeakSet<Duplex>();

  constructor(
    private readonly upgrader: Upgrader,
    private readonly options: PlainOptions,
  ) {}

  serve(request: IncomingMessage, response: ServerResponse): void {
    const carrier = carrierOf(request, response);
    if (this.closing.has(carrier) || !this.answers.begin(carrier, response)) return;
    const health = this.healthOf(request.url);
    if (health !== undefined) {
      answer(response, health, { 'Cache-Control': 'no-store' });
      return;
    }
    const isWebSocketPath = this.isWebSocketPath(request);
    if (!isWebSocketPath && this.options.listener !== undefined) this.listen(request, response, carrier);
    else if (request.httpVersionMajor === 2) answer(response, isWebSocketPath ? CONNECT_REQUIRED : NO_SUCH_PATH);
    else {
      // RFC 9110 7.8: a sender of Upgrade names it in Connection too
      const connection = isWebSocketPath ? 'close, Upgrade' : 'close';
      answer(response, isWebSocketPath ? UPGRADE_REQUIRED : NO_SUCH_PATH, { Connection: connection });
      this.closing.add(carrier);
    }
  }

  /** Calls the user's listener. A failure ends one request, not the process. */
  private listen(request: IncomingMessage, response: ServerResponse, carrier: Duplex): void {
    callUser(
      () => this.options.listener!(request, response),
      (error) => {
        const hasLeft = carrier.destroyed || response.destroyed;
        if (!hasLeft || !LEFT.has(codeOf(error))) this.options.failed(error);
        if (!response.headersSent && !hasLeft) answer(response, FAILED);
        // the client must see that the answer is not whole
        else if (!response.writableEnded) response.destroy();
      },
    );
  }

  private healthOf(url: string | undefined): Health | undefined {
    const { ready } = this.options;
    const path = ready && url !== undefined ? parseRequestTarget(url)?.path : undefined;
    if (path === '/healthz') return ALIVE;
    if (path === '/readyz') return ready!() ? READY : NOT_READY;
    return undefined;
  }

  /** True for a request that is served without its upgrade, such as `h2c`, which Java's client asks for in every request. */
  servesWithoutUpgrade(request: IncomingMessage): boolean {
    return !this.isWebSocketPath(request) && !listHasToken(request.headers.upgrade, 'websocket');
  }

  /** True for a socket whose last answer was sent: later requests get none. */
  endedOn(socket: Duplex): boolean {
    return this.closing.has(socket);
  }

  private isWebSocketPath({ url = '' }: IncomingMessage): boolean {
    return this.upgrader.find(url) !== undefined;
  }
}

/** The socket of a request, or its stream over HTTP/2. */
function carrierOf(request: IncomingMessage, response: ServerResponse): Duplex {
  return request.httpVersionMajor === 2 ? (response as unknown as Http2ServerResponse).stream : request.socket;
}

function codeOf(error: unknown): string {
  return String((Object(error) as { code?: unknown }).code);
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
