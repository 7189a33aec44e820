import { Duplex } from 'node:stream';
import { Engine } from '../../src/engine';

/** Takes all writes at once. */
class Sink extends Duplex {
  override _read(): void {}

  override _write(_bytes: Buffer, _encoding: string, done: () => void): void {
    done();
  }
}

test('a stream to a peer that takes everything leaves turns to others', async () => {
  const engine = new Engine();
  let turns = 0;
  let sent: Promise<void> | undefined;
  engine.add({
    path: '/',
    open: (connection) => {
      sent = connection.sendStream(
        (function* () {
          for (let chunk = 0; chunk < 5000; chunk++) yield Buffer.alloc(64 * 1024);
        })(),
      );
    },
  });
  const counting = setInterval(() => turns++, 0);
  const handshake = { headers: {}, url: '/', remoteAddress: '', httpVersion: '1.1', secure: false } as const;
  const facts = { path: '/', params: {}, queryString: '', handshake, protocol: '' };
  engine.prepare(engine.routes.find('/')!.endpoint, facts, new Sink()).start(Buffer.alloc(0));
  await sent;
  clearInterval(counting);
  expect(turns).toBeGreaterThan(0);
  for (const connection of engine.connections) connection.terminate();
});
