import { Server as NetServer } from 'node:net';
import { Attachment, type AttachmentContext } from './attachment';
import type { ForeignServer } from './foreign-server';

const NO_SERVER =
  'attach() takes a server of node:http, node:https or node:http2: what listen() of Express returns, ' +
  'the property server of Fastify, what serve() of Hono returns';

/** The foreign servers whose WebSockets one engine serves. */
export class Attachments {
  private readonly detachers = new Map<ForeignServer, () => void>();

  constructor(private readonly context: AttachmentContext) {}

  get size(): number {
    return this.detachers.size;
  }

  /** Returns what takes all of it back. @throws TypeError for what is no server of Node's, Error for one that is attached to */
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

/** An application of Express has `on` and much else of a server, and would never be heard of again. */
function isHttpServer(server: unknown): boolean {
  return server instanceof NetServer && ('maxHeadersCount' in server || 'updateSettings' in server);
}
