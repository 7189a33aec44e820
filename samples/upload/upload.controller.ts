import {
  CloseCode,
  Connection,
  IncompleteMessageError,
  MessageStream,
  OnError,
  OnMessage,
  PathParam,
  WebSocketPath,
} from 'portal-ws';
import type { Done, ServerMessage } from './messages';
import { MAX_FILE_BYTES } from './settings';
import { FullError, Uploads } from './uploads';

const PROGRESS_EVERY_MS = 100;

/** A file is one binary message of any size: it is written while it arrives, and never held in memory. */
@WebSocketPath('/upload/:name', { limits: { maxStreamBytes: MAX_FILE_BYTES } })
export class UploadController {
  constructor(private readonly uploads: Uploads) {}

  @OnMessage()
  async receive(
    file: MessageStream,
    connection: Connection,
    @PathParam('name') name: string,
  ): Promise<Done | undefined> {
    if (!file.binary) {
      void connection.close(CloseCode.UnsupportedData, 'a file is a binary message');
      return undefined;
    }
    const stored = await this.uploads.store(name, file as AsyncIterable<Uint8Array>, reporterTo(connection));
    return { type: 'done', ...stored };
  }

  @OnError(FullError)
  refuse(_error: FullError, connection: Connection): void {
    send(connection, { type: 'error', code: 'full', message: 'There is no room left for this file on the server.' });
    void connection.close(CloseCode.TryAgainLater, 'full');
  }

  /** The client left, or its file was too big: the partial file is deleted, and nobody is told. */
  @OnError(IncompleteMessageError)
  forget(): void {}
}

/** Sends the progress, at once and then at intervals. */
function reporterTo(connection: Connection): (received: number) => void {
  let next = 0;
  return (received) => {
    const now = Date.now();
    if (now < next) return;
    next = now + PROGRESS_EVERY_MS;
    send(connection, { type: 'progress', received });
  };
}

function send(connection: Connection, message: ServerMessage): void {
  connection.send(JSON.stringify(message));
}
