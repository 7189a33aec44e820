import type { RequestListener } from 'node:http';
import { Application, bootstrap, Module } from 'portal-ws';
import { ChatModule } from './chat/chat.module';
import { createChatPage } from './chat/web';
import { ReadingsModule } from './codec/readings.module';
import { EchoModule } from './echo/echo';
import { GameModule } from './game/game.module';
import { NoticesModule } from './guards/notices.module';
import { TokenSecret } from './guards/tokens';
import { UploadFolder } from './upload/settings';
import { UploadModule } from './upload/upload.module';
import { createUploadPage, UPLOADS_PATH } from './upload/web';
import { OrdersModule } from './validated-rpc/orders.module';

/** All samples and their pages, on one port. */
export interface Samples {
  readonly app: Application;
  close(): Promise<void>;
}

/**
 * `uploads`: where the upload sample keeps its files; `secret`: the key that signs tokens of the guards sample.
 * @throws ListenError when the port is not available
 */
export async function startSamples(
  port: number,
  uploads: UploadFolder,
  secret = TokenSecret.random(),
): Promise<Samples> {
  @Module({
    imports: [EchoModule, ChatModule, UploadModule, OrdersModule, NoticesModule, GameModule, ReadingsModule],
    providers: [
      { token: UploadFolder, useValue: uploads },
      { token: TokenSecret, useValue: secret },
    ],
  })
  class SamplesModule {}

  const chatPage = await createChatPage();
  const uploadPage = await createUploadPage(uploads);
  const request: RequestListener = (...exchange) => {
    const page = `${exchange[0].url}/`.startsWith(`${UPLOADS_PATH}/`) ? uploadPage : chatPage;
    page.routing(...exchange);
  };
  const app = await bootstrap(SamplesModule, { port, request });
  return {
    app,
    async close() {
      await app.close();
      await Promise.all([chatPage.close(), uploadPage.close()]);
    },
  };
}
