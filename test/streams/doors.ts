import express from 'express';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AddressInfo } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { bootstrap, createApp, type Application, type PortalOptions } from '../../src';
import { http1, http2, tcpTo, TLS, tlsTo, unixTo } from '../doors/ways';
import { MemoryLogger, moduleOf } from '../support/app';
import type { RawClient } from '../support/raw-client';

/** An application, and a way in. */
export interface Door {
  readonly app: Application;
  readonly log: MemoryLogger;
  connect(path: string): Promise<RawClient<Duplex>>;
  close(): Promise<void>;
}

type Controllers = Parameters<typeof moduleOf>[0];
type Way = ReturnType<typeof http1>;

/** An application of these controllers behind each door, by name. */
export function openDoors(controllers: Controllers, options: PortalOptions = {}): [string, () => Promise<Door>][] {
  const root = moduleOf(controllers);
  const common = (log: MemoryLogger): PortalOptions => ({ host: '127.0.0.1', logger: log, ...options });
  const own =
    (settings: PortalOptions, wayTo: (app: Application) => Way, end = (): void => {}) =>
    async (): Promise<Door> => {
      const log = new MemoryLogger();
      const app = await bootstrap(root, { ...common(log), ...settings });
      return doorOf(app, log, wayTo(app), async () => {
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
        return doorOf(
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

function doorOf(app: Application, log: MemoryLogger, way: Way, close: () => Promise<void>): Door {
  return {
    app,
    log,
    close,
    connect: async (path) => {
      const { status, client } = await way.connect(path);
      if (status !== way.accepted) throw new Error(`answered ${status}`);
      return client;
    },
  };
}

/** Not `once` of Node, which hears errors too. */
export function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => stream.on('close', resolve));
}
