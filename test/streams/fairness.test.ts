import { Duplex } from 'node:stream';
import { Engine } from '../../src/engine';
import { deferred } from '../support/engine';

/** A client that asks for a WebSocket, and takes all writes at once. */
class Sink extends Duplex {
  constructor() {
    super();
    const key = Buffer.alloc(16).toString('base64');
    const upgrade = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}`;
    this.push(`GET / HTTP/1.1\r\nHost: localhost\r\n${upgrade}\r\n\r\n`);
  }

  override _read(): void {}

  override _write(_bytes: Buffer, _encoding: string, done: () => void): void {
    done();
  }
}

test('a stream to a peer that takes everything leaves turns to others', async () => {
  const engine = new Engine();
  let turns = 0;
  const begun = deferred();
  let sent: Promise<void> | undefined;
  engine.add({
    path: '/',
    open: (connection) => {
      sent = connection.sendStream(
        (function* () {
          for (let chunk = 0; chunk < 5000; chunk++) yield Buffer.alloc(64 * 1024);
        })(),
      );
      begun.resolve();
    },
  });
  const counting = setInterval(() => turns++, 0);
  engine.serve(new Sink());
  await begun.promise;
  turns = 0;
  await sent;
  clearInterval(counting);
  expect(turns).toBeGreaterThan(0);
  for (const connection of engine.connections) connection.terminate();
});
