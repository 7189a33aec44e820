import type { IncomingMessage, Server } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import {
  acceptResponse,
  judgeUpgrade,
  Refusal,
  refusalResponse,
  type Agreement,
  type AnswerHeaders,
  type UpgradeOffer,
} from '../../handshake';
import { InternedHeaders } from './interned-headers';
import type { Handshake } from '../../handshake';
import type { Deadlines } from '../../messages';
import type { UpgradeAttempt } from './upgrade-attempt';
import type { Upgrader } from './upgrader';
import type { ResolvedLimits } from '../../connection';
import type { ClientAddresses } from './client-addresses';
import type { PlainRequests } from './plain-requests';
import { isWhole, serveWithoutUpgrade } from './without-upgrade';

/** Dependencies of Http1Upgrade. */
export interface Http1UpgradeContext {
  readonly limits: ResolvedLimits;
  readonly deadlines: Deadlines;
  readonly upgrader: Upgrader;
  readonly addresses: ClientAddresses;
  readonly plain: PlainRequests;
}

/** HTTP/1.1 Upgrade: hands the requests of Node's HTTP servers to the upgrader. */
export class Http1Upgrade {
  /** Sockets that got a refusal and have not closed yet. */
  private readonly leaving = new Set<Duplex>();
  private readonly internedHeaders = new InternedHeaders();

  constructor(private readonly context: Http1UpgradeContext) {}

  /** Serves all requests of one of our servers. */
  open(server: Server): void {
    const { plain } = this.context;
    server.on('upgrade', (request, socket, head) => {
      const isPlain = plain.servesWithoutUpgrade(request) && isWhole(request, server);
      if (isPlain) serveWithoutUpgrade(server, request, socket, head);
      else this.onUpgrade(request, socket, head, server);
    });
    server.on('request', (request, response) => plain.serve(request, response));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.onClientError(error, socket));
  }

  /** Destroys the sockets of refused handshakes. */
  close(): void {
    for (const socket of this.leaving) socket.destroy();
  }

  /** Enters a request that `server` has read. */
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, server: Server): void {
    // 'close' follows every error
    socket.on('error', ignore);
    this.context.plain.answers.forget(socket);
    const headers = this.internedHeaders.in(request.headers);
    const { peer, refusal } = this.context.addresses.of(socket, headers);
    const handshake: Handshake = { headers, url: request.url ?? '', httpVersion: '1.1', ...peer };
    this.context.upgrader.enter(
      new Http1Attempt(request, socket, head, handshake, refusal, this, isWhole(request, server)),
    );
  }

  /** Ends a socket after its last bytes, and reads on: unread bytes at the close could destroy the answer on its way. */
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

  /** Answers a request that Node's parser or time-out refused. */
  private onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
    socket.on('error', ignore);
    if (error.code === 'ECONNRESET' || !socket.writable || isUnused(error, socket)) {
      socket.destroy();
      return;
    }
    if (this.context.plain.endedOn(socket)) {
      this.leave(socket);
      return;
    }
    const answer = this.context.plain.answers.on(socket);
    if (answer !== undefined) {
      // bytes after a request in progress, such as its body, are no handshake
      if (answer.headersSent || error.code === 'HPE_INVALID_EOF_STATE') socket.destroy();
      else this.leave(socket, refusalResponse(clientErrorRefusal(error.code)));
      return;
    }
    const handshake: Handshake = {
      headers: {},
      url: '',
      httpVersion: '1.1',
      ...this.context.addresses.atSocket(socket),
    };
    const refuse = (refusal: Refusal): void => this.leave(socket, refusalResponse(refusal));
    this.context.upgrader.refuse({ handshake, refuse }, clientErrorRefusal(error.code));
  }
}

const TOO_MANY_HEADERS = new Refusal(431, 'The request has too many headers.');

class Http1Attempt implements UpgradeAttempt {
  private key = '';

  constructor(
    private readonly request: IncomingMessage,
    readonly stream: Duplex,
    readonly head: Buffer,
    readonly handshake: Handshake,
    readonly refusal: Refusal | undefined,
    private readonly upgrade: Http1Upgrade,
    private readonly whole: boolean,
  ) {}

  judge(): UpgradeOffer | Refusal {
    const offer = judgeUpgrade(this.request);
    if (offer instanceof Refusal) return offer;
    // a dropped header may have been one of a body, an origin, or a proxy
    if (!this.whole) return TOO_MANY_HEADERS;
    this.key = offer.key;
    return offer;
  }

  accept(agreement: Agreement, headers: AnswerHeaders | undefined): void {
    const answer = acceptResponse(this.key, agreement, headers);
    if (this.stream instanceof Socket) this.stream.setTimeout(0);
    this.stream.write(answer, 'latin1');
  }

  refuse(refusal: Refusal): void {
    this.upgrade.leave(this.stream, refusalResponse(refusal));
  }
}

/** True for a connection that a browser opened in advance and never used. */
function isUnused({ code }: NodeJS.ErrnoException, socket: Duplex): boolean {
  return code === 'ERR_HTTP_REQUEST_TIMEOUT' && (socket as Partial<Socket>).bytesRead === 0;
}

function clientErrorRefusal(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new Refusal(431, 'The request headers are too large.', {}, 'maxHeaderBytes');
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new Refusal(408, 'The request took too long.', {}, 'handshakeTimeoutMs');
  }
  return new Refusal(400, 'The request is malformed.');
}

/** One function for all sockets saves memory. */
function ignore(): void {}
