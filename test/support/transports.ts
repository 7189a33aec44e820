import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Endpoint, Engine, EngineOptions } from '../../src/engine';
import { CA, LOCALHOST } from './certificates';
import { startEngine } from './engine';
import { attached, opened, tcpClient } from './foreign';
import { Http2Client } from './http2-client';
import { RawClient } from './raw-client';
import { dialTls } from './tls-client';

/** An engine, and how clients reach it. */
export interface Served {
  readonly engine: Engine;
  /** A client that has passed the handshake for `/`. */
  open(headers?: Record<string, string>): Promise<RawClient<Duplex>>;
}

/** Transports that differ in how bytes are read and written. */
export const TRANSPORTS: [string, (endpoint: Endpoint, options?: EngineOptions) => Promise<Served>][] = [
  [
    'TCP',
    async (endpoint, options) => {
      const engine = await startEngine([endpoint], options);
      return { engine, open: async (headers) => RawClient.open(engine.url, '/', headers) };
    },
  ],
  [
    'TLS',
    async (endpoint, options) => {
      const engine = await startEngine([endpoint], { tls: LOCALHOST, ...options });
      return { engine, open: async (headers) => RawClient.over(await dialTls(engine)).handshake('/', headers) };
    },
  ],
  [
    'HTTP/2',
    async (endpoint, options) => {
      const engine = await startEngine([endpoint], { tls: LOCALHOST, ...options });
      const client = await Http2Client.connect(engine.url, { ca: CA });
      return { engine, open: async (headers) => await client.open('/', headers) };
    },
  ],
  [
    'an attached server',
    async (endpoint, options) => {
      const server = await opened(createServer());
      const { engine } = attached(server, [endpoint], options);
      return { engine, open: async (headers) => (await tcpClient(server)).handshake('/', headers) };
    },
  ],
];
