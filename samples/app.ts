import { Application, bootstrap, Module } from 'portal-ws';
import { ChatModule } from './chat/chat.module';
import { createChatPage } from './chat/web';
import { EchoModule } from './echo/echo';

@Module({ imports: [EchoModule, ChatModule] })
export class SamplesModule {}

/** Both samples and the chat page, on one port. */
export interface Samples {
  readonly app: Application;
  close(): Promise<void>;
}

/** @throws ListenError when the port cannot be had */
export async function startSamples(port: number): Promise<Samples> {
  const page = await createChatPage();
  const app = await bootstrap(SamplesModule, { port, request: page.routing });
  return {
    app,
    async close() {
      await app.close();
      await page.close();
    },
  };
}
