import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Socket } from 'node:net';
import {
  acceptResponse,
  chooseProtocol,
  judgeOrigin,
  judgeUpgrade,
  negotiateDeflate,
  MALFORMED_TARGET,
  NO_SUCH_PATH,
  parseRequestTarget,
  Refusal,
  refusalResponse,
  UPGRADE_REQUIRED,
  type UpgradeOffer,
} from '../handshake';
import type { DeflateParameters } from '../protocol';
import { CommonValues } from './common-values';
import type { ConnectionFacts, Handshake } from './connection';
import type { Deadlines } from './deadlines';
import type { Acceptance, Endpoint } from './endpoint';
import type { ResolvedLimits } from './limits';
import type { Observer } from './observer';
import { PendingUpgrade } from './pending-upgrade';
import type { Route, Routes } from './routes';
import type { Session } from './session';

/** What the door asks of its engine. */
export interface DoorContext {
  readonly routes: Routes;
  readonly limits: ResolvedLimits;
  readonly deadlines: Deadlines;
  readonly observer: Observer;
  /** Serves plain requests, but for those to a WebSocket's path. */
  readonly request: RequestListener | undefined;
  /** False while the engine stops. */
  readonly admits: boolean;
  /** A session whose upgrade is still to be answered. */
  prepare(route: Route, facts: ConnectionFacts, socket: Duplex, deflate?: DeflateParameters): Session;
}

/** A request in order, and what was made of it. */
interface Candidate {
  readonly session: Session;
  readonly offer: UpgradeOffer;
  readonly socket: Duplex;
  readonly head: Buffer;
  /** What was agreed on, if anything was. */
  readonly extensions: string | undefined;
}

/** How often Node looks for handshakes that take too long. */
const CHECK_EVERY_MS = 1_000;

const NOT_ADMITTING = new Refusal(503, 'The server is shutting down.');

/** HTTP/1.1 Upgrade: takes requests from Node's HTTP server and hands accepted ones to the engine as bare sockets. */
export class Http1Door {
  /** Sockets that got a refusal and have not gone yet. */
  private readonly leaving = new Set<Duplex>();
  /** Upgrades whose hook is at work. */
  private readonly undecided = new Set<PendingUpgrade>();
  /** Sockets whose plain request was answered with `Connection: close`: what follows it gets no answer. */
  private readonly answered = new WeakSet<Duplex>();

  private readonly commonValues = new CommonValues();

  constructor(private readonly context: DoorContext) {}

  createServer(): Server {
    const { handshakeTimeoutMs, maxHeaderBytes } = this.context.limits;
    const server = createServer({
      headersTimeout: handshakeTimeoutMs,
      maxHeaderSize: maxHeaderBytes,
      connectionsCheckingInterval: Math.min(CHECK_EVERY_MS, handshakeTimeoutMs),
      noDelay: true,
    });
    server.on('upgrade', (request, socket, head) => this.onUpgrade(request, socket, head));
    server.on('request', (request, response) => this.onRequest(request, response));
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => this.onClientError(error, socket));
    return server;
  }

  /** The server stops: nobody else is let in. */
  refuseUndecided(): void {
    for (const upgrade of this.undecided) upgrade.refuse(NOT_ADMITTING);
  }

  /** Ends what is left of refused handshakes. */
  close(): void {
    for (const socket of this.leaving) socket.destroy();
  }

  private onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // whatever befalls the socket from here on ends in its 'close' event
    socket.on('error', ignore);
    const handshake = this.toHandshake(request, socket);
    let answer: Refusal | undefined;
    try {
      answer = this.judge(request, handshake, socket, head);
    } catch (error) {
      this.context.observer.failed?.(error, `handshake of ${handshake.url}`);
      answer = new Refusal(500, 'The handshake failed.');
    }
    if (answer !== undefined) this.refuse(answer, socket, handshake);
  }

  private judge(request: IncomingMessage, handshake: Handshake, socket: Duplex, head: Buffer): Refusal | undefined {
    if (!this.context.admits) return NOT_ADMITTING;
    const target = parseRequestTarget(handshake.url);
    if (target === undefined) return MALFORMED_TARGET;
    const match = this.context.routes.find(target.path);
    if (match === undefined) return NO_SUCH_PATH;
    const route = match.endpoint;
    const offer = judgeUpgrade(request);
    if (offer instanceof Refusal) return offer;
    const foreign = judgeOrigin(request.headers, route.originRule, handshake);
    if (foreign !== undefined) return foreign;
    const protocol = chooseProtocol(offer.protocols, route.protocols);
    const facts = { path: route.endpoint.path, params: match.params, queryString: target.query, handshake, protocol };
    const deflate = route.compression && negotiateDeflate(offer.extensions, route.compression);
    const session = this.context.prepare(route, facts, socket, deflate?.parameters);
    const candidate = { session, offer, socket, head, extensions: deflate?.header };
    if (route.endpoint.upgrade === undefined) this.accept(candidate, undefined);
    else this.ask(route.endpoint.upgrade, candidate, handshake);
    return undefined;
  }

  private ask(hook: NonNullable<Endpoint['upgrade']>, candidate: Candidate, handshake: Handshake): void {
    const { deadlines, limits, observer } = this.context;
    const { session, socket } = candidate;
    const door = {
      accept: (acceptance: Acceptance | undefined) => this.accept(candidate, acceptance),
      refuse: (refusal: Refusal) => this.refuse(refusal, socket, handshake),
      failed: (error: unknown) => observer.failed?.(error, `handshake of ${handshake.url}`, session.connection),
    };
    const onClose = (): void => upgrade.abandon();
    const upgrade = new PendingUpgrade(session, door, () => {
      this.undecided.delete(upgrade);
      socket.off('close', onClose);
    });
    if (upgrade.ask(hook, deadlines, limits.handshakeTimeoutMs)) return;
    this.undecided.add(upgrade);
    socket.on('close', onClose);
  }

  private accept({ session, offer, socket, head, extensions }: Candidate, acceptance: Acceptance | undefined): void {
    const protocol = acceptance?.protocol;
    if (protocol !== undefined) {
      // RFC 6455 4.2.2 item 5.5: one of those that the client asked for
      if (!offer.protocols.includes(protocol)) {
        throw new Error(`the subprotocol ${JSON.stringify(protocol)} is none of those that the client offers`);
      }
      session.connection.agree(protocol);
    }
    const agreed = { protocol: session.connection.protocol, extensions };
    const answer = acceptResponse(offer.key, agreed, acceptance?.headers);
    if (socket instanceof Socket) socket.setTimeout(0);
    socket.write(answer, 'latin1');
    session.start(head);
  }

  private toHandshake(request: IncomingMessage, socket: Duplex): Handshake {
    return {
      headers: this.commonValues.in(request.headers),
      url: request.url ?? '',
      remoteAddress: addressOf(socket),
      httpVersion: '1.1',
      secure: 'encrypted' in socket,
    };
  }

  private onRequest(request: IncomingMessage, response: ServerResponse): void {
    const target = parseRequestTarget(request.url ?? '');
    const isWebSocketPath = target !== undefined && this.context.routes.find(target.path) !== undefined;
    if (!isWebSocketPath && this.context.request !== undefined) {
      this.context.request(request, response);
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
    if (this.answered.has(socket)) this.leave(socket);
    else
      this.refuse(clientErrorRefusal(error.code), socket, { url: '', remoteAddress: addressOf(socket), headers: {} });
  }

  private refuse(
    refusal: Refusal,
    socket: Duplex,
    request: Pick<Handshake, 'url' | 'remoteAddress' | 'headers'>,
  ): void {
    const { url, remoteAddress, headers } = request;
    this.context.observer.handshakeRefused?.(refusal, { url, remoteAddress, origin: headers.origin });
    this.leave(socket, refusalResponse(refusal));
  }

  /** Says the last word, and takes in what the client still sends: closing on unread bytes could wipe out the answer. */
  private leave(socket: Duplex, lastWord?: Buffer): void {
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
}

function clientErrorRefusal(code: string | undefined): Refusal {
  if (code === 'HPE_HEADER_OVERFLOW') return new Refusal(431, 'The request headers are too large.');
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Refusal(408, 'The request took too long.');
  return new Refusal(400, 'The request is malformed.');
}

/** One for all sockets: ten thousand connections would each keep one of their own. */
function ignore(): void {}

function addressOf(socket: Duplex): string {
  return (socket as Partial<Socket>).remoteAddress ?? '';
}
