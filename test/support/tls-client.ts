import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls';
import type { Engine, EngineOptions, TlsSettings } from '../../src/engine';
import { CA, LOCALHOST } from './certificates';
import { echo, startEngine } from './engine';
import { text } from './frames';
import { RawClient } from './raw-client';

const opened = new Set<TLSSocket>();

/** An engine that echoes over TLS, as localhost unless the settings say otherwise. */
export const secure = (settings: Partial<TlsSettings> = {}, options: EngineOptions = {}): Promise<Engine> =>
  startEngine([echo], { tls: { ...LOCALHOST, ...settings }, ...options });

/** A TLS connection to an engine with any name, cut after the test. Rejects when the handshake fails. */
export async function dialTls({ port }: Pick<Engine, 'port'>, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ host: '127.0.0.1', port, ca: CA, checkServerIdentity: () => undefined, ...options });
  opened.add(socket);
  socket.on('close', () => opened.delete(socket));
  await once(socket, 'secureConnect');
  socket.on('error', () => {});
  return socket;
}

/** The name in the certificate for a client that asks for `servername`, or for no name where that is ''. */
export async function nameShown(engine: Pick<Engine, 'port'>, servername = ''): Promise<string> {
  const socket = await dialTls(engine, { servername });
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return String(subject.CN);
}

/** A WebSocket over HTTP/1.1 in TLS. */
export async function openSecure(
  engine: Pick<Engine, 'port'>,
  options?: ConnectionOptions,
): Promise<RawClient<TLSSocket>> {
  return RawClient.over(await dialTls(engine, options)).handshake('/');
}

/** Checks that a WebSocket still echoes. */
export async function echoes(client: RawClient<Duplex>, words = 'still here'): Promise<void> {
  client.write(text(words));
  expect((await client.frame()).payload.toString()).toBe(words);
}

afterEach(() => {
  for (const socket of opened) socket.destroy();
});
