import { once } from 'node:events';
import type { Server } from 'node:http';
import type { OutgoingHttpHeaders } from 'node:http2';
import { connect as connectTcp, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { bootstrap, createApp, type Application, type PortalOptions } from '../../src';
import { CA, LOCALHOST } from '../support/certificates';
import { Http2Client } from '../support/http2-client';
import { RawClient } from '../support/raw-client';
import { EveryTransportModule, SETTINGS } from './application';
import type { Target } from './behaviour';

export const TLS: PortalOptions = { tls: LOCALHOST };

/** A new application on a free port, unless the options say otherwise. */
export function listening(options: PortalOptions = {}): Promise<Application> {
  return bootstrap(EveryTransportModule, { port: 0, host: '127.0.0.1', ...SETTINGS, ...options });
}

export async function tcpTo(port: number): Promise<Duplex> {
  const socket = connectTcp({ host: '127.0.0.1', port, noDelay: true });
  await once(socket, 'connect');
  return socket;
}

export async function tlsTo(port: number): Promise<Duplex> {
  const socket = connectTls({ host: '127.0.0.1', port, servername: 'localhost', ca: CA, ALPNProtocols: ['http/1.1'] });
  await once(socket, 'secureConnect');
  socket.setNoDelay(true);
  return socket;
}

export async function unixTo(path: string): Promise<Duplex> {
  const socket = connectTcp({ path });
  await once(socket, 'connect');
  return socket;
}

/** A client that ends its side when the server has ended its own. */
export function clientOver(stream: Duplex, authority?: string): RawClient<Duplex> {
  stream.on('end', () => stream.end());
  return RawClient.over(stream, authority);
}

type Clients = Pick<Target, 'authority' | 'dial' | 'accepted' | 'connect'>;

/** Clients that do the handshake of RFC 6455 over the streams of `dial`. */
export function http1(dial: () => Promise<Duplex>, authority: string): Clients {
  return {
    authority,
    dial,
    accepted: 101,
    connect: async (path, headers = {}) => {
      const client = clientOver(await dial(), authority);
      client.upgrade(path, headers);
      return { ...(await client.answer()), client };
    },
  };
}

/** Clients that do the handshake of RFC 8441 on one shared HTTP/2 connection, or a new one once that has ended. */
export function http2(dial: () => Promise<Duplex>, url: string): Clients {
  let shared: Http2Client | undefined;
  return {
    authority: new URL(url).host,
    dial,
    accepted: 200,
    connect: async (path, headers = {}) => {
      const own = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value || undefined]);
      if (shared === undefined || shared.session.destroyed) shared = await Http2Client.connect(url, { ca: CA });
      const answer = await shared.connect(path, Object.fromEntries(own) as OutgoingHttpHeaders);
      const client = clientOver(answer.stream);
      const body = answer.status === 200 ? '' : (await client.end()).toString();
      return { status: answer.status, headers: answer.headers as Record<string, string>, body, client };
    },
  };
}

export const HANDSHAKE = { httpVersion: '1.1', secure: false, remoteAddress: '127.0.0.1' } as const;

/** An application attached to a server that listens already. */
export async function attachedTo(server: Server): Promise<Target> {
  const app = await createApp(EveryTransportModule, SETTINGS);
  await app.attach(server);
  const { port } = server.address() as AddressInfo;
  return {
    app,
    handshake: HANDSHAKE,
    ...http1(() => tcpTo(port), `127.0.0.1:${port}`),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export async function nothing(): Promise<void> {}
