import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Endpoint, Engine, EngineOptions, Handshake } from '../../src/engine';
import { CA, LOCALHOST } from './certificates';
import { Http2Client } from './http2-client';
import { RawClient } from './raw-client';
import { until } from './until';

type Headers = Record<string, string>;

/** The protocols of a listener, and WebSockets through them over an open connection. */
export interface Layers {
  readonly options: EngineOptions;
  /** Resolves with the stream on which HTTP begins. */
  reach(stream: Duplex): Promise<Duplex>;
  open(stream: Duplex, headers?: Headers): Promise<RawClient<Duplex>>;
}

type Reach = Layers['reach'];

const layers = (options: EngineOptions, reach: Reach, ask: Layers['open']): Layers => ({
  options,
  reach,
  open: async (stream, headers) => ask(await reach(stream), headers),
});

const directly: Reach = (stream) => Promise.resolve(stream);

const overTls =
  (protocol: string): Reach =>
  async (stream) => {
    const socket = connectTls({ socket: stream, servername: 'localhost', ca: CA, ALPNProtocols: [protocol] });
    await once(socket, 'secureConnect');
    return socket.on('error', () => {});
  };

export const LAYERS: Readonly<Record<string, Layers>> = {
  'HTTP/1.1': layers({}, directly, over1),
  'HTTP/1.1 where HTTP/2 is spoken too': layers({ http2: true }, directly, over1),
  'HTTP/2': layers({ http2: true }, directly, over2),
  'HTTP/1.1 over TLS': layers({ tls: LOCALHOST }, overTls('http/1.1'), over1),
  'HTTP/2 over TLS': layers({ tls: LOCALHOST }, overTls('h2'), over2),
};

async function over1(stream: Duplex, headers?: Headers): Promise<RawClient<Duplex>> {
  return RawClient.over(stream).handshake('/', headers);
}

async function over2(stream: Duplex, headers?: Headers): Promise<RawClient<Duplex>> {
  const client = await Http2Client.connect('ws://localhost', { createConnection: () => stream });
  return client.open('/', headers);
}

const dialed = new Set<Socket>();

/** A bare connection, cut after the test. */
export async function dial(place: Pick<Engine, 'port'> | string): Promise<Socket> {
  const at = typeof place === 'string' ? { path: place } : { host: '127.0.0.1', port: place.port };
  const socket = connectTcp({ ...at, noDelay: true, allowHalfOpen: true });
  await once(socket, 'connect');
  dialed.add(socket.on('error', () => {}));
  return socket;
}

/** A stream whose first packet begins with `prefix`. */
export function behind(prefix: string | Buffer, socket: Duplex): Duplex {
  let before = Buffer.from(prefix);
  return over(socket, (bytes, done) => {
    socket.write(Buffer.concat([before, bytes]), () => done());
    before = Buffer.alloc(0);
  });
}

/** A stream that sends `count` bytes; then the client leaves. */
export function cutAfter(count: number, socket: Socket, leave: (socket: Socket) => void): Duplex {
  let left = count;
  return over(socket, (bytes, done) => {
    const part = bytes.subarray(0, left);
    left -= part.length;
    socket.write(part, () => {
      if (left === 0) leave(socket);
      done();
    });
  });
}

/** A stream that sends each byte by itself. */
export function byteByByte(socket: Socket): Duplex {
  return over(socket, async (bytes, done) => {
    for (const byte of bytes) {
      socket.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    done();
  });
}

/** A stream over a socket, which writes by `send`. */
function over(socket: Duplex, send: (bytes: Buffer, done: () => void) => unknown): Duplex {
  const stream = new Duplex({
    read: () => void socket.resume(),
    write: (bytes: Buffer, _encoding, done) => void send(bytes, done),
    final: (done) => void socket.end(done),
    destroy: (error, done) => {
      socket.destroy();
      done(error);
    },
  });
  socket.on('data', (bytes) => void (stream.push(bytes) || socket.pause()));
  socket.on('end', () => stream.push(null)).on('close', () => stream.destroy());
  return stream.on('error', () => {});
}

/** Resolves when the server has cut or ended a connection. */
export function gone(socket: Duplex): Promise<void> {
  if (socket.readableEnded) socket.destroy();
  socket.resume().on('end', () => socket.destroy());
  return new Promise((resolve) => {
    if (socket.closed) resolve();
    else socket.on('close', () => resolve());
  });
}

/** Sends the client its address, and whether it used TLS. */
export const who: Endpoint = {
  path: '/',
  open: (connection) => {
    const { remoteAddress, secure, httpVersion } = connection.handshake;
    connection.send(JSON.stringify({ remoteAddress, secure, httpVersion }));
  },
};

/** The client's handshake, as an engine with `who` sees it. */
export async function told(client: RawClient<Duplex>): Promise<Pick<Handshake, 'remoteAddress' | 'secure'>> {
  return JSON.parse((await client.frame()).payload.toString()) as Handshake;
}

/** The number of connections of all listeners, in any state. */
export async function openSockets(engine: Engine): Promise<number> {
  const counts = engine['parts'].listener.open.map(
    ({ front }) => new Promise<number>((resolve) => front.getConnections((_error, count) => resolve(count))),
  );
  return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
}

/** Resolves when the server has `count` connections. */
export async function untilOpen(engine: Engine, count: number): Promise<void> {
  await until(async () => (await openSockets(engine)) === count);
}

afterEach(() => {
  for (const socket of dialed) socket.destroy();
  dialed.clear();
});
