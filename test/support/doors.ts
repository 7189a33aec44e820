import { createServer } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Endpoint, Engine, EngineOptions } from '../../src/engine';
import { CA, LOCALHOST } from './certificates';
import { startEngine } from './engine';
import { attached, opened, tcpClient } from './foreign';
import { Http2Client } from './http2-client';
import { RawClient } from './raw-client';
import { dialTls } from './tls-client';

export interface Door {
  readonly engine: Engine;
  /** A client that has passed the handshake for `/`. */
  open(headers?: Record<string, string>): Promise<RawClient<Duplex>>;
}

async function upgraded<Stream extends Duplex>(
  client: RawClient<Stream>,
  headers?: Record<string, string>,
): Promise<RawClient<Duplex>> {
  client.upgrade('/', headers);
  const { status } = await client.answer();
  if (status !== 101) throw new Error(`refused with ${status}`);
  return client;
}

/** Ways in that differ in how bytes are read and written. */
export const DOORS: [string, (endpoint: Endpoint, options?: EngineOptions) => Promise<Door>][] = [
  [
    'TCP',
    async (endpoint, options) => {
      const engine = await startEngine([endpoint], options);
      return { engine, open: async (headers) => upgraded(await RawClient.connect(engine.url), headers) };
    },
  ],
  [
    'TLS',
    async (endpoint, options) => {
      const engine = await startEngine([endpoint], { tls: LOCALHOST, ...options });
      return { engine, open: async (headers) => upgraded(RawClient.over(await dialTls(engine)), headers) };
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
      return { engine, open: async (headers) => upgraded(await tcpClient(server), headers) };
    },
  ],
];
