import type { IncomingMessage, RequestListener, Server, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  acceptResponse,
  judgeUpgrade,
  NO_SUCH_PATH,
  Refusal,
  refusalResponse,
  UPGRADE_REQUIRED,
  type Agreement,
  type UpgradeOffer,
} from '../handshake';
import { CommonValues } from './common-values';
import type { Handshake } from './connection';
import type { Deadlines } from './deadlines';
import type { Arrival, Gate } from './gate';
import type { ResolvedLimits } from './limits';
import type { Peers } from './peers';

/** What the door asks of its engine. */
export interface DoorContext {
  readonly limits: ResolvedLimits;
  readonly deadlines: Deadlines;
  readonly gate: Gate;
  readonly peers: Peers;
  /** Serves plain requests, but for those to a WebSocket's path. */
  readonly request: RequestListener | undefined;
}

/** The events of Node's HTTP servers that the door takes; a TLS server with HTTP/2 has them too. */
type Http1Server = Pick<Server, 'on'>;

/** HTTP/1.1 Upgrade: takes requests from Node's HTTP server and hands accepted ones to the engine as bare sockets. */
export class Http1Door {
  /** Sockets that got a refusal and have not gone yet. */
  private readonly leaving = new Set<Duplex>();
  /** Sockets whose plain request was answered with `Connection: close`: what follows it gets no answer. */
  private readonly answered = new WeakSet<Duplex>();
  private readonly commonValues = new CommonValues();

  constructor(private readonly context: DoorContext) {}

  /** Serves all that comes to a server of our own. */
  open(server: Http1Server): void {
    server.on('upgrade', (request, socket, head) => this.onUpgrade(request, socket, head));
    server.on('request', (request, response) => this.onRequest(request, response));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.onClientError(error, socket));
  }

  /** Ends what is left of refused handshakes. */
  close(): void {
    for (const socket of this.leaving) socket.destroy();
  }

  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // whatever befalls the socket from here on ends in its 'close' event
    socket.on('error', ignore);
    this.context.gate.enter(new Http1Arrival(request, socket, head, this.toHandshake(request, socket), this));
  }

  /** Says the last word, and takes in what the client still sends: closing on unread bytes could wipe out the answer. */
  leave(socket: Duplex, lastWord?: Buffer): void {
    this.leaving.add(socket);
    const cancel = this.context.deadlines.set(this.context.limits.closeTimeoutMs, () => socket.destroy());
    socket.on('close', () => {
      cancel();
      this.leaving.delete(socket);
    });
    socket.on('end', () => socket.destroy());
    socket.end(lastWord);
    socket.resume();
  }

  private toHandshake(request: IncomingMessage, socket: Duplex): Handshake {
    const headers = this.commonValues.in(request.headers);
    return { headers, url: request.url ?? '', httpVersion: '1.1', ...this.context.peers.of(socket, headers) };
  }

  private onRequest(request: IncomingMessage, response: ServerResponse): void {
    const isWebSocketPath = this.context.gate.find(request.url ?? '') !== undefined;
    if (!isWebSocketPath && this.context.request !== undefined) {
      this.context.request(request, response);
      return;
    }
    if (request.httpVersionMajor === 2) {
      answerOverHttp2(response, isWebSocketPath ? CONNECT_REQUIRED : NO_SUCH_PATH);
      return;
    }
    const { status, headers, body } = isWebSocketPath ? UPGRADE_REQUIRED : NO_SUCH_PATH;
    // RFC 9110 7.8: who sends Upgrade names it in Connection too
    const connection = isWebSocketPath ? 'close, Upgrade' : 'close';
    response.writeHead(status, {
      'Content-Type': 'text/plain; charset=utf-8',
      'Content-Length': Buffer.byteLength(body),
      Connection: connection,
      ...headers,
    });
    response.end(body);
    this.answered.add(request.socket);
  }

  /** Node's parser or its clock refused the request. */
  private onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    socket.on('error', ignore);
    if (error.code === 'ECONNRESET' || !socket.writable) {
      socket.destroy();
      return;
    }
    if (this.answered.has(socket)) {
      this.leave(socket);
      return;
    }
    const handshake: Handshake = { headers: {}, url: '', httpVersion: '1.1', ...this.context.peers.of(socket, {}) };
    const refuse = (refusal: Refusal): void => this.leave(socket, refusalResponse(refusal));
    this.context.gate.refuse({ handshake, refuse }, clientErrorRefusal(error.code));
  }
}

class Http1Arrival implements Arrival {
  private key = '';

  constructor(
    private readonly request: IncomingMessage,
    readonly stream: Duplex,
    readonly head: Buffer,
    readonly handshake: Handshake,
    private readonly door: Http1Door,
  ) {}

  judge(): UpgradeOffer | Refusal {
    const offer = judgeUpgrade(this.request);
    if (!(offer instanceof Refusal)) this.key = offer.key;
    return offer;
  }

  accept(agreement: Agreement, headers: Readonly<Record<string, string>> | undefined): void {
    const answer = acceptResponse(this.key, agreement, headers);
    if (this.stream instanceof Socket) this.stream.setTimeout(0);
    this.stream.write(answer, 'latin1');
  }

  refuse(refusal: Refusal): void {
    this.door.leave(this.stream, refusalResponse(refusal));
  }
}

function clientErrorRefusal(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') return new Refusal(431, 'The request headers are too large.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Refusal(408, 'The request took too long.');
  return new Refusal(400, 'The request is malformed.');
}

/** 426 and `Upgrade` mean nothing over HTTP/2. */
const CONNECT_REQUIRED = new Refusal(400, 'This path speaks WebSocket: connect with a WebSocket client.');

/** Its streams end one by one, so the connection goes on. */
function answerOverHttp2(response: ServerResponse, { status, body }: Refusal): void {
  response.writeHead(status, {
    'content-type': 'text/plain; charset=utf-8',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** One for all sockets: ten thousand connections would each keep one of their own. */
function ignore(): void {}
