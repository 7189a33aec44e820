import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Http2ServerResponse } from 'node:http2';
import type { Duplex } from 'node:stream';
import { listHasToken, NO_SUCH_PATH, parseRequestTarget, Refusal, UPGRADE_REQUIRED } from '../../handshake';
import { Answers } from '../answers';
import type { Upgrader } from './upgrader';
import { callUser } from '../../messages';

/** 426 and `Upgrade` mean nothing over HTTP/2. */
const CONNECT_REQUIRED = new Refusal(400, UPGRADE_REQUIRED.body);
const FAILED = new Refusal(500, 'The request failed.');

/** What a listener throws that reads a body when its client leaves: Node's ways to say so. */
const LEFT = new Set(['ECONNRESET', 'ECONNABORTED', 'EPIPE', 'ERR_STREAM_PREMATURE_CLOSE', 'ABORT_ERR']);

export interface PlainOptions {
  readonly listener?: RequestListener | undefined;
  /** Whether the server takes connections; undefined where nobody may ask. */
  readonly ready?: (() => boolean) | undefined;
  /** Told of what the listener throws, and of what its promise rejects with. */
  readonly failed: (error: unknown) => void;
}

/** Requests that ask for no WebSocket: the user's listener serves them, but for those to a WebSocket's path. */
export class PlainRequests {
  readonly answers = new Answers();
  /** Sockets on which an answer said `Connection: close`. */
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
      // RFC 9110 7.8: who sends Upgrade names it in Connection too
      const connection = isWebSocketPath ? 'close, Upgrade' : 'close';
      answer(response, isWebSocketPath ? UPGRADE_REQUIRED : NO_SUCH_PATH, { Connection: connection });
      this.closing.add(carrier);
    }
  }

  /** One that fails ends one request, and not the process. */
  private listen(request: IncomingMessage, response: ServerResponse, carrier: Duplex): void {
    callUser(
      () => this.options.listener!(request, response),
      (error) => {
        const hasLeft = carrier.destroyed || response.destroyed;
        if (!hasLeft || !LEFT.has(codeOf(error))) this.options.failed(error);
        if (!response.headersSent && !hasLeft) answer(response, FAILED);
        // whoever reads must see that this is not all
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

  /** Whether a request is served here though it asks for an upgrade, such as `h2c`, which Java's client does with every one. */
  servesWithoutUpgrade(request: IncomingMessage): boolean {
    return !this.isWebSocketPath(request) && !listHasToken(request.headers.upgrade, 'websocket');
  }

  /** Whether an answer of ours was the last on this socket: what follows it gets none. */
  endedOn(socket: Duplex): boolean {
    return this.closing.has(socket);
  }

  private isWebSocketPath({ url = '' }: IncomingMessage): boolean {
    return this.upgrader.find(url) !== undefined;
  }
}

/** What ends with an answer, or can take the next one. */
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
