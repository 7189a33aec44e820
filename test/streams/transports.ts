import express from 'express';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { bootstrap, createApp, type Application, type PortalOptions } from '../../src';
import { http1, http2, tcpTo, TLS, tlsTo, unixTo } from '../every-transport/targets';
import { MemoryLogger, moduleOf } from '../support/app';
import type { RawClient } from '../support/raw-client';

/** An application, and how clients reach it. */
export interface Served {
  readonly app: Application;
  readonly log: MemoryLogger;
  connect(path: string): Promise<RawClient<Duplex>>;
  close(): Promise<void>;
}

type Controllers = Parameters<typeof moduleOf>[0];
type Clients = ReturnType<typeof http1>;

/** An application of these controllers for each transport, by name. */
export function overTransports(
  controllers: Controllers,
  options: PortalOptions = {},
): [string, () => Promise<Served>][] {
  const root = moduleOf(controllers);
  const common = (log: MemoryLogger): PortalOptions => ({ host: '127.0.0.1', logger: log, ...options });
  const own =
    (settings: PortalOptions, clientsOf: (app: Application) => Clients, end = (): void => {}) =>
    async (): Promise<Served> => {
      const log = new MemoryLogger();
      const app = await bootstrap(root, { ...common(log), ...settings });
      return served(app, log, clientsOf(app), async () => {
        await app.close();
        end();
      });
    };
  const folder = mkdtempSync(join(tmpdir(), 'portal-'));
  const socketPath = join(folder, 'portal.sock');
  return [
    ['TCP', own({ port: 0 }, (app) => http1(() => tcpTo(app.port), 'localhost'))],
    ['TLS', own({ port: 0, ...TLS }, (app) => http1(() => tlsTo(app.port), 'localhost'))],
    ['HTTP/2', own({ port: 0, ...TLS }, (app) => http2(() => tlsTo(app.port), `wss://localhost:${app.port}`))],
    [
      'a Unix socket',
      own(
        { socketPath },
        () => http1(() => unixTo(socketPath), 'localhost'),
        () => rmSync(folder, { recursive: true }),
      ),
    ],
    [
      'a server that it is attached to',
      async () => {
        const log = new MemoryLogger();
        const app = await createApp(root, common(log));
        const server = createServer(express()).listen(0, '127.0.0.1');
        await once(server, 'listening');
        await app.attach(server);
        const { port } = server.address() as AddressInfo;
        return served(
          app,
          log,
          http1(() => tcpTo(port), 'localhost'),
          async () => {
            await app.close();
            server.closeAllConnections();
            server.close();
          },
        );
      },
    ],
  ];
}

function served(app: Application, log: MemoryLogger, clients: Clients, close: () => Promise<void>): Served {
  return {
    app,
    log,
    close,
    connect: async (path) => {
      const { status, client } = await clients.connect(path);
      if (status !== clients.accepted) throw new Error(`answered ${status}`);
      return client;
    },
  };
}

/** Resolves when a stream is closed. Unlike Node's `once`, it does not listen for errors. */
export function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => stream.on('close', resolve));
}
