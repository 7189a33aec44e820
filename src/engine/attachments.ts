import type { IncomingMessage, Server as HttpServer } from 'node:http';
import type { Http2SecureServer, Http2Server, IncomingHttpHeaders, ServerHttp2Stream } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Gate } from './gate';
import type { Http1Door } from './http1-door';
import { isExtendedConnect, type Http2Door } from './http2-door';

/** A server of Node's that somebody else made and listens with. */
export type ForeignServer = HttpServer | Http2Server | Http2SecureServer;

/** What an attachment asks of its engine. */
export interface AttachmentContext {
  readonly gate: Gate;
  readonly http1: Http1Door;
  readonly http2: Http2Door;
}

/** Marks the listeners of all attachments, whatever application they are of. */
const SERVES = Symbol.for('portal-ws.serves');

type UpgradeListener = ((request: IncomingMessage, socket: Duplex, head: Buffer) => void) & Marked;
type StreamListener = ((stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void) & Marked;

interface Marked {
  [SERVES]?: (url: string) => boolean;
}

/** Serves the WebSockets of a foreign server beside whatever else listens there. Paths that are not ours are left to others. */
export class Attachments {
  private readonly detachers = new Set<() => void>();

  constructor(private readonly context: AttachmentContext) {}

  get size(): number {
    return this.detachers.size;
  }

  /** Returns what takes all of it back. @throws TypeError for what is no server of Node's */
  attach(server: ForeignServer): () => void {
    if (typeof (server as Partial<HttpServer> | undefined)?.on !== 'function') {
      throw new TypeError('attach() takes a server of node:http, node:https or node:http2');
    }
    const steps = [this.attachUpgrade(server as HttpServer)];
    if (isHttp2(server)) steps.push(this.attachStreams(server));
    const detach = (): void => {
      if (!this.detachers.delete(detach)) return;
      for (const step of steps) step();
    };
    this.detachers.add(detach);
    return detach;
  }

  detachAll(): void {
    for (const detach of [...this.detachers]) detach();
  }

  private attachUpgrade(server: HttpServer): () => void {
    const { gate, http1 } = this.context;
    const listener: UpgradeListener = (request, socket, head) => {
      if (isTaken(server, 'upgrade', listener, request.url ?? '')) http1.onUpgrade(request, socket, head);
    };
    listener[SERVES] = (url) => gate.find(url) !== undefined;
    server.on('upgrade', listener);
    return () => server.off('upgrade', listener);
  }

  private attachStreams(server: Http2Server | Http2SecureServer): () => void {
    const { gate, http2 } = this.context;
    const listener: StreamListener = (stream, headers) => {
      if (!isExtendedConnect(headers) || !isTaken(server, 'stream', listener, headers[':path'] ?? '')) return;
      http2.onStream(stream, headers);
    };
    listener[SERVES] = (url) => gate.find(url) !== undefined;
    // Node's compatibility layer answers a CONNECT with 405 where nobody listens for it
    const onConnect = (): void => {};
    const restore = enableConnect(server);
    server.on('stream', listener);
    server.on('connect', onConnect);
    return () => {
      server.off('stream', listener);
      server.off('connect', onConnect);
      restore();
    };
  }
}

/**
 * Whether a listener is to take a request: when it serves the path and is the first of its kind that does; or when nobody
 * does and nobody else listens, so that there is an answer, if only 404.
 */
function isTaken(server: ForeignServer, event: string, listener: Marked, url: string): boolean {
  const listeners = server.listeners(event) as Marked[];
  const ours = listeners.filter((candidate) => candidate[SERVES] !== undefined);
  const serving = ours.find((candidate) => candidate[SERVES]!(url));
  if (serving !== undefined) return serving === listener;
  return ours.length === listeners.length && ours[0] === listener;
}

function isHttp2(server: ForeignServer): server is Http2Server | Http2SecureServer {
  return typeof (server as Partial<Http2Server>).updateSettings === 'function';
}

/** Tells clients that extended CONNECT is understood (RFC 8441 section 3). Returns what takes that back. */
function enableConnect(server: Http2Server | Http2SecureServer): () => void {
  const before = settingsOf(server)?.enableConnectProtocol ?? false;
  server.updateSettings({ enableConnectProtocol: true });
  return () => {
    if (!before) server.updateSettings({ enableConnectProtocol: false });
  };
}

/** Node tells nobody what a server's settings are; they are looked for among its own properties. */
function settingsOf(server: object): { enableConnectProtocol?: boolean } | undefined {
  const key = Object.getOwnPropertySymbols(server).find(({ description }) => description === 'options');
  if (key === undefined) return undefined;
  return (server as Record<symbol, { settings?: { enableConnectProtocol?: boolean } } | undefined>)[key]?.settings;
}
