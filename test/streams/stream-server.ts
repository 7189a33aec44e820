import { bootstrap, Connection, MessageStream, Module, OnMessage, WebSocketPath } from 'portal-ws';

/** A server in a process of its own, so that its memory can be measured. `server-process.ts` compiles it. */

const CHUNK = Buffer.alloc(64 * 1024, 'x');
const COLLECT_EVERY = 4 * 1024 * 1024;

/** Collects garbage as messages pass, so that memory shows what they hold, not garbage. */
class Collector {
  private passed = 0;

  pass(bytes: number): void {
    this.passed += bytes;
    if (this.passed < COLLECT_EVERY) return;
    this.passed = 0;
    globalThis.gc!();
  }
}

@WebSocketPath('/count', { compression: true })
export class CountController {
  constructor(private readonly collector: Collector) {}

  @OnMessage()
  async count(message: MessageStream): Promise<string> {
    let total = 0;
    for await (const piece of message) {
      total += piece.length;
      this.collector.pass(piece.length);
    }
    return String(total);
  }
}

@WebSocketPath('/send')
export class SendController {
  constructor(private readonly collector: Collector) {}

  @OnMessage()
  async send(size: string, connection: Connection): Promise<void> {
    await connection.sendStream(this.chunks(Number(size)));
  }

  private *chunks(size: number): Generator<Uint8Array> {
    for (let left = size; left > 0; left -= CHUNK.length) {
      yield Buffer.from(CHUNK.subarray(0, left));
      this.collector.pass(CHUNK.length);
    }
  }
}

@Module({ controllers: [CountController, SendController], providers: [Collector] })
class StreamServerModule {}

void bootstrap(StreamServerModule, { port: 0, host: '127.0.0.1' }).then((app) => process.send!(app.url));
