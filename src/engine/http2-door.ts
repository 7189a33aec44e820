import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import {
  constants,
  type Http2Server,
  type IncomingHttpHeaders as Http2Headers,
  type ServerHttp2Stream,
} from 'node:http2';
import type { TLSSocket } from 'node:tls';
import { connectHeaders, judgeConnect, Refusal, refusalHeaders, type Agreement, type Offer } from '../handshake';
import type { Handshake } from './connection';
import type { Arrival, Gate } from './gate';
import type { Peers } from './peers';
import type { PlainRequests } from './plain-requests';

/** What the door asks of its engine. */
export interface Http2Context {
  readonly gate: Gate;
  readonly peers: Peers;
  readonly plain: PlainRequests;
}

const NO_BYTES = Buffer.alloc(0);
const UNKNOWN_PROTOCOL = new Refusal(501, 'Only the :protocol websocket is served.');

/** WebSocket over HTTP/2 (RFC 8441): takes extended CONNECT requests from Node's HTTP/2 server, each a stream. */
export class Http2Door {
  constructor(private readonly context: Http2Context) {}

  /** Serves all that comes to a server of our own. */
  open(server: Http2Server): void {
    server.on('request', (request, response) => {
      // what Node's compatibility layer makes of them is made for this
      this.context.plain.serve(request as unknown as IncomingMessage, response as unknown as ServerResponse);
    });
    server.on('stream', (stream, headers) => {
      if (this.onStream(stream, headers) || headers[':method'] !== 'CONNECT') return;
      stream.on('error', ignore);
      stream.respond({ ':status': 405, allow: 'GET, HEAD, POST' }, { endStream: true });
    });
    // the compatibility layer answers a CONNECT where nobody listens for it
    server.on('connect', ignore);
  }

  /** Takes a stream that asks for a WebSocket. False: it asks for something else. */
  onStream(stream: ServerHttp2Stream, headers: Http2Headers): boolean {
    if (!isExtendedConnect(headers)) return false;
    // whatever befalls the stream from here on ends in its 'close' event
    stream.on('error', ignore);
    this.context.gate.enter(new Http2Arrival(stream, headers, this.toHandshake(stream, headers)));
    return true;
  }

  private toHandshake(stream: ServerHttp2Stream, headers: Http2Headers): Handshake {
    const plain: IncomingHttpHeaders = {};
    for (const [name, value] of Object.entries(headers)) if (!name.startsWith(':')) plain[name] = value;
    // what HTTP/1.1 calls Host
    plain.host ??= headers[':authority'];
    const socket = stream.session?.socket as TLSSocket;
    return { headers: plain, url: headers[':path'] ?? '', httpVersion: '2.0', ...this.context.peers.of(socket, plain) };
  }
}

export function isExtendedConnect(headers: Http2Headers): boolean {
  return headers[':method'] === 'CONNECT' && headers[':protocol'] !== undefined;
}

class Http2Arrival implements Arrival {
  readonly head = NO_BYTES;

  constructor(
    readonly stream: ServerHttp2Stream,
    private readonly headers: Http2Headers,
    readonly handshake: Handshake,
  ) {}

  judge(): Offer | Refusal {
    return this.headers[':protocol'] === 'websocket' ? judgeConnect(this.headers) : UNKNOWN_PROTOCOL;
  }

  accept(agreement: Agreement, headers: Readonly<Record<string, string>> | undefined): void {
    this.stream.respond(connectHeaders(agreement, headers));
  }

  refuse(refusal: Refusal): void {
    const { stream } = this;
    if (stream.destroyed || stream.closed) return;
    stream.respond(refusalHeaders(refusal));
    // RFC 9113 8.1: the client need not send the rest
    stream.end(refusal.body, () => stream.close(constants.NGHTTP2_NO_ERROR));
    stream.resume();
  }
}

/** One for all. */
function ignore(): void {}
