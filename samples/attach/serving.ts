import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Application, createApp, Module, type Logger } from 'portal-ws';
import { TokenSecret } from '../guards/tokens';
import { Accounts } from './accounts';
import { NotificationsModule } from './notifications.module';

export interface Settings {
  readonly accounts: Accounts;
  /** The key that signs session cookies. */
  readonly secret: TokenSecret;
  readonly logger?: Logger;
}

/** A framework's server, with an application attached to it. */
export interface Running {
  readonly app: Application;
  /** Such as `http://localhost:5006`. */
  readonly url: string;
  /** Takes no more connections, closes WebSockets with 1001, lets requests finish. */
  close(): Promise<void>;
}

/** The WebSockets, without a port of their own. */
export async function createNotifications({ accounts, secret, logger }: Settings): Promise<Application> {
  @Module({
    imports: [NotificationsModule],
    providers: [
      { token: Accounts, useValue: accounts },
      { token: TokenSecret, useValue: secret },
    ],
  })
  class AppModule {}

  return createApp(AppModule, { name: 'notifications', ...(logger && { logger }) });
}

/** Attaches an application to a server of Node and listens. Rejects when the port is taken. */
export async function serve(app: Application, server: Server, port: number): Promise<Running> {
  await app.attach(server);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(port, 'localhost', () => {
      server.off('error', reject);
      resolve();
    });
  }).catch(async (error: unknown) => {
    await app.close();
    throw error;
  });
  return {
    app,
    url: urlOf(server),
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      await app.close();
      server.closeIdleConnections();
      await closed;
    },
  };
}

export function urlOf(server: Server): string {
  return `http://localhost:${(server.address() as AddressInfo).port}`;
}
