import { once } from 'node:events';
import { createServer as createHttp, request as requestHttp, type RequestListener, type Server } from 'node:http';
import { createServer as createHttp2, createSecureServer, type Http2SecureServer, type Http2Server } from 'node:http2';
import { createServer as createHttps, request as requestHttps } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { Engine, type Endpoint, type EngineOptions } from '../../src/engine';
import type { ForeignServer } from '../../src/server/attach/foreign-server';
import { CA, LOCALHOST } from './certificates';
import { bodyOf, Http2Client } from './http2-client';
import { RawClient, type HttpAnswer } from './raw-client';

type Client = RawClient<Duplex>;

/** The answer to a request for a WebSocket, and the client that got it. */
export interface Asked extends Pick<HttpAnswer, 'status' | 'body'> {
  readonly headers: Record<string, unknown>;
  readonly client: Client;
}

/** A kind of server that an application can be attached to, and clients of it. */
export interface Kind {
  /** Creates a server that answers plain requests with `plain` and their path. */
  create(): ForeignServer;
  /** Asks for a WebSocket. */
  ask(server: ForeignServer, path: string, headers?: Record<string, string>): Promise<Asked>;
  /** The body of a plain request. */
  get(server: ForeignServer, path: string): Promise<string>;
  readonly accepted: 101 | 200;
}

const answerPlainly: RequestListener = (request, response) => void response.end(`plain ${request.url}`);
// Node's compatibility layer makes requests of this type
const answerPlainly2 = answerPlainly as unknown as Parameters<typeof createHttp2>[1];

export const portOf = (server: ForeignServer): number => (server.address() as AddressInfo).port;

async function askOver1(dial: Promise<Client>, path: string, headers: Record<string, string> = {}): Promise<Asked> {
  const client = await dial;
  client.upgrade(path, headers);
  return { ...(await client.answer()), client };
}

async function askOver2(url: string, path: string, headers: Record<string, string> = {}): Promise<Asked> {
  const http2 = await Http2Client.connect(url, { ca: CA });
  const answer = await http2.connect(path, headers);
  const { status } = answer;
  if (status === 200) return { ...answer, body: '', client: RawClient.over<Duplex>(answer.stream) };
  return { ...answer, body: await bodyOf(answer), client: RawClient.over<Duplex>(answer.stream) };
}

export const tcpClient = (server: ForeignServer): Promise<RawClient> =>
  RawClient.connect(`ws://127.0.0.1:${portOf(server)}`);

export async function tlsClient(server: ForeignServer): Promise<RawClient> {
  const socket = connectTls({ host: '127.0.0.1', port: portOf(server), servername: 'localhost', ca: CA });
  await once(socket, 'secureConnect');
  return RawClient.over<Socket>(socket);
}

function get1(url: string, ask: typeof requestHttp, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = ask(new URL(path, url), { agent: false, ca: CA } as object, (response) => {
      let body = '';
      response.on('data', (chunk) => (body += String(chunk))).on('end', () => resolve(body));
    });
    request.on('error', reject).end();
  });
}

async function get2(url: string, path: string): Promise<string> {
  const { session } = await Http2Client.connect(url, { ca: CA });
  const stream = session.request({ ':path': path });
  let body = '';
  for await (const chunk of stream) body += String(chunk);
  return body;
}

const at = (scheme: string, server: ForeignServer): string => `${scheme}://localhost:${portOf(server)}`;

const over1: Omit<Kind, 'create'> = {
  accepted: 101,
  ask: (server, path, headers) => askOver1(tcpClient(server), path, headers),
  get: (server, path) => get1(at('http', server), requestHttp, path),
};

const over1Tls: Omit<Kind, 'create'> = {
  accepted: 101,
  ask: (server, path, headers) => askOver1(tlsClient(server), path, headers),
  get: (server, path) => get1(at('https', server), requestHttps, path),
};

const over2 = (scheme: string): Omit<Kind, 'create'> => ({
  accepted: 200,
  ask: (server, path, headers) => askOver2(at(scheme, server), path, headers),
  get: (server, path) => get2(at(scheme, server), path),
});

const createSecure = (options: object = {}): Http2SecureServer =>
  createSecureServer({ ...LOCALHOST, ...options }, answerPlainly2);

export const KINDS: Readonly<Record<string, Kind>> = {
  'node:http': { ...over1, create: () => createHttp(answerPlainly) },
  'node:https': { ...over1Tls, create: () => createHttps(LOCALHOST, answerPlainly) },
  'http2.createServer': { ...over2('ws'), create: () => createHttp2(answerPlainly2) },
  'http2.createSecureServer': { ...over2('wss'), create: () => createSecure() },
  'http2.createSecureServer, allowHTTP1': { ...over2('wss'), create: () => createSecure({ allowHTTP1: true }) },
  'http2.createSecureServer, by HTTP/1.1': { ...over1Tls, create: () => createSecure({ allowHTTP1: true }) },
};

export const http2Secure = KINDS['http2.createSecureServer, allowHTTP1']!;

const servers = new Set<ForeignServer>();
const sockets = new Set<Socket>();
const engines = new Set<Engine>();

/** Listens on a free port until the test is over. */
export async function opened<Foreign extends ForeignServer>(server: Foreign): Promise<Foreign> {
  servers.add(server);
  server.on('connection', keepTrack);
  server.listen(0, 'localhost');
  await once(server, 'listening');
  return server;
}

function keepTrack(socket: Socket): void {
  sockets.add(socket);
}

/** Attaches an engine until the test is over. */
export function attached(server: ForeignServer, endpoints: Endpoint[], options: EngineOptions = {}) {
  const engine = new Engine(options);
  for (const endpoint of endpoints) engine.add(endpoint);
  engines.add(engine);
  return { engine, detach: engine.attach(server) };
}

/** The listeners of a server, Portal's marks on it, and the settings that it sends to HTTP/2 clients. */
export function stateOf(server: ForeignServer): object {
  const symbols = Object.getOwnPropertySymbols(server);
  const options = symbols.find(({ description }) => description === 'options');
  const { settings } = (options && (server as unknown as Record<symbol, { settings?: object }>)[options]) ?? {};
  return {
    listeners: Object.fromEntries(server.eventNames().map((name) => [name, server.listenerCount(name)])),
    ours: symbols.map(String).filter((symbol) => symbol.includes('portal')),
    settings: { enableConnectProtocol: false, ...settings },
  };
}

export type AnyHttp2Server = Http2Server | Http2SecureServer;
export type { Server };

afterEach(async () => {
  const closing = [...engines].map((engine) => {
    for (const connection of engine.connections) connection.terminate();
    return engine.close();
  });
  engines.clear();
  await Promise.all(closing);
  const closed = [...servers].filter(({ listening }) => listening).map((server) => once(server, 'close'));
  for (const server of servers) server.close();
  for (const socket of sockets) socket.destroy();
  servers.clear();
  sockets.clear();
  await Promise.all(closed);
});
