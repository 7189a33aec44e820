import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import {
  createServer,
  type Http2Server,
  type IncomingHttpHeaders as Http2Headers,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import {
  connectHeaders,
  judgeConnect,
  Refusal,
  refusalHeaders,
  type Agreement,
  type AnswerHeaders,
  type Offer,
} from '../../handshake';
import type { Handshake } from '../../handshake';
import type { Deadlines } from '../../messages';
import type { UpgradeAttempt } from './upgrade-attempt';
import type { Upgrader } from './upgrader';
import type { ResolvedLimits } from '../../connection';
import type { ClientAddresses } from './client-addresses';
import type { PlainRequests } from './plain-requests';
import { closeEnded } from '../../transport';
import { setImmediate } from '../../transport';

/** Dependencies of Http2Connect. */
export interface Http2Context {
  readonly limits: ResolvedLimits;
  readonly deadlines: Deadlines;
  readonly upgrader: Upgrader;
  readonly addresses: ClientAddresses;
  readonly plain: PlainRequests;
}

const NO_BYTES = Buffer.alloc(0);
const UNKNOWN_PROTOCOL = new Refusal(501, 'Only the :protocol websocket is served.');
const ENDED = new Refusal(400, 'A WebSocket needs a stream that stays open.');

/** WebSocket over HTTP/2 (RFC 8441): hands extended CONNECT requests, each a stream, to the upgrader. */
export class Http2Connect {
  constructor(private readonly context: Http2Context) {}

  /** Serves all requests of one of our servers. */
  open(server: Http2Server): void {
    // a server with a 'request' listener creates a request and a response for each stream, 2 KB that a WebSocket would keep: so
    // plain requests go to another server, which does not listen on any port
    const plain = createServer((request, response) => {
      // Node's compatibility layer gives them the interface of HTTP/1.1
      this.context.plain.serve(request as unknown as IncomingMessage, response as unknown as ServerResponse);
    });
    server.on('stream', (stream, headers, ...more) => {
      if (this.onStream(stream, headers)) return;
      stream.on('error', ignore);
      if (isGone(stream)) return;
      if (headers[':method'] !== 'CONNECT') plain.emit('stream', stream, headers, ...more);
      else stream.respond({ ':status': 405, allow: 'GET, HEAD, POST' }, { endStream: true });
    });
  }

  /** Enters a stream that asks for a WebSocket. Returns false for any other stream. */
  onStream(stream: ServerHttp2Stream, headers: Http2Headers): boolean {
    if (!isExtendedConnect(headers)) return false;
    // 'close' follows every error
    stream.on('error', ignore);
    if (isGone(stream)) return true;
    stream.on('aborted', onAborted);
    const plain = withoutPseudoHeaders(headers);
    const { peer, refusal } = this.context.addresses.of(stream.session?.socket as TLSSocket, plain);
    const handshake: Handshake = { headers: plain, url: headers[':path'] ?? '', httpVersion: '2.0', ...peer };
    this.context.upgrader.enter(new Http2Attempt(stream, headers, handshake, refusal, this));
    return true;
  }

  /** Ends a stream after its last bytes, at the latest after `closeTimeoutMs`. */
  leave(stream: ServerHttp2Stream, lastWord: string): void {
    const cancel = this.context.deadlines.set(this.context.limits.closeTimeoutMs, () => stream.destroy());
    stream.on('close', cancel);
    stream.end(lastWord, () => void setImmediate(closeEnded, stream));
  }
}

function withoutPseudoHeaders(headers: Http2Headers): IncomingHttpHeaders {
  const plain = Object.create(null) as IncomingHttpHeaders;
  for (const [name, value] of Object.entries(headers)) if (!name.startsWith(':')) plain[name] = value;
  // the Host of HTTP/1.1
  plain.host ??= headers[':authority'];
  return plain;
}

export function isExtendedConnect(headers: Http2Headers): boolean {
  return headers[':method'] === 'CONNECT' && headers[':protocol'] !== undefined;
}

/** The case does not matter (RFC 9110 7.8): HAProxy passes on the word of an HTTP/1.1 client. */
export function asksForWebSocket(headers: Http2Headers): boolean {
  return String(headers[':protocol']).toLowerCase() === 'websocket';
}

class Http2Attempt implements UpgradeAttempt {
  readonly head = NO_BYTES;

  constructor(
    readonly stream: ServerHttp2Stream,
    private readonly headers: Http2Headers,
    readonly handshake: Handshake,
    readonly refusal: Refusal | undefined,
    private readonly connect: Http2Connect,
  ) {}

  judge(): Offer | Refusal {
    if (!asksForWebSocket(this.headers)) return UNKNOWN_PROTOCOL;
    return this.stream.endAfterHeaders ? ENDED : judgeConnect(this.headers);
  }

  accept(agreement: Agreement, headers: AnswerHeaders | undefined): void {
    this.stream.respond(connectHeaders(agreement, headers, this.headers['sec-websocket-key']));
  }

  refuse(refusal: Refusal): void {
    // another listener may have answered the stream
    if (isGone(this.stream) || this.stream.headersSent) return;
    this.stream.respond(refusalHeaders(refusal));
    this.connect.leave(this.stream, refusal.body);
  }
}

/** True for a stream that the client reset, or whose connection is cut: this may happen before the request is reported. */
function isGone(stream: ServerHttp2Stream): boolean {
  return stream.destroyed || stream.closed;
}

/** The client reset the stream. Where the code is no error, Node would wait until the bytes before are read. */
function onAborted(this: ServerHttp2Stream): void {
  this.destroy();
}

/** One function for all streams saves memory. */
function ignore(): void {}
