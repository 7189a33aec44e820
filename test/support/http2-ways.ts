import { once } from 'node:events';
import type { SecureClientSessionOptions } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import type { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import type { Engine, EngineOptions } from '../../src/engine';
import { CA, LOCALHOST } from './certificates';
import { Http2Client } from './http2-client';
import { Http2FrameClient } from './http2-frames';

/** HTTP/2 as agreed on in TLS (ALPN), and with prior knowledge (RFC 9113 3.3). */
export const WAYS: [string, EngineOptions][] = [
  ['HTTP/2 over TLS', { tls: LOCALHOST }],
  ['HTTP/2 without TLS', { http2: true }],
];

export const dial = ({ url }: Engine, options: SecureClientSessionOptions = {}): Promise<Http2Client> =>
  Http2Client.connect(url, { ca: CA, ...options });

export const dialByFrames = ({ url }: Engine): Promise<Http2FrameClient> => Http2FrameClient.connect(url, CA);

/** A connection on which the client chose HTTP/1.1. */
export async function dialHttp1({ url, port }: Engine): Promise<Duplex> {
  const isSecure = url.startsWith('wss:');
  const place = { host: '127.0.0.1', port, allowHalfOpen: true };
  const socket = isSecure ? connectTls({ ...place, ca: CA, ALPNProtocols: ['http/1.1'] }) : connectTcp(place);
  await once(socket, isSecure ? 'secureConnect' : 'connect');
  return socket;
}
