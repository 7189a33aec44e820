import type { Duplex } from 'node:stream';
import type { OwnServer, ServerSettings } from './servers';

const SETTINGS: ServerSettings = { tls: undefined, http2: false, proxyProtocol: false, sharesPort: false };

/** Serves streams that did not come through a port. */
export class PortlessServer {
  /** Created with the first stream. */
  private server: OwnServer | undefined;

  constructor(private readonly createServer: (settings: ServerSettings) => OwnServer) {}

  serve(stream: Duplex): void {
    this.server ??= this.createServer(SETTINGS);
    this.server.front.emit('connection', stream);
  }

  terminate(): void {
    this.server?.terminate();
  }
}
