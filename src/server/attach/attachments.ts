import { Server as NetServer } from 'node:net';
import { Attachment, type AttachmentContext } from './attachment';
import type { ForeignServer } from './foreign-server';

const NO_SERVER =
  'attach() takes a server of node:http, node:https or node:http2: what listen() of Express returns, ' +
  'the property server of Fastify, what serve() of Hono returns';

/** The foreign servers on which one engine serves WebSockets. */
export class Attachments {
  private readonly detachers = new Map<ForeignServer, () => void>();

  constructor(private readonly context: AttachmentContext) {}

  get size(): number {
    return this.detachers.size;
  }

  /**
   * Returns a function that detaches the server.
   * @throws TypeError for an object that is no HTTP server of Node
   * @throws Error for a server that is attached already
   */
  attach(server: ForeignServer): () => void {
    if (!isHttpServer(server)) throw new TypeError(NO_SERVER);
    if (this.detachers.has(server)) throw new Error('it is attached to this server already');
    const attachment = new Attachment(server, this.context);
    const detach = (): void => {
      if (this.detachers.get(server) !== detach) return;
      this.detachers.delete(server);
      attachment.end();
    };
    this.detachers.set(server, detach);
    return detach;
  }

  detachAll(): void {
    for (const detach of [...this.detachers.values()]) detach();
  }
}

/** False for an application of Express, which has methods of a server but would never emit its events. */
function isHttpServer(server: unknown): boolean {
  return server instanceof NetServer && ('maxHeadersCount' in server || 'updateSettings' in server);
}
