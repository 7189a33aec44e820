import type { Duplex } from 'node:stream';
import { OnMessage, WebSocketPath, type PortalOptions } from '../../src';
import { start } from '../support/app';
import { CA, LOCALHOST } from '../support/certificates';
import { text } from '../support/frames';
import { Http2Client } from '../support/http2-client';
import { ManualClock } from '../support/manual-clock';
import { RawClient } from '../support/raw-client';
import { dialTls } from '../support/tls-client';

let handled = 0;

@WebSocketPath('/')
class Downloads {
  @OnMessage()
  download(size: string): Buffer {
    handled++;
    return Buffer.alloc(Number(size), 'x');
  }
  @OnMessage('download')
  async event(size: number): Promise<string> {
    handled++;
    await Promise.resolve();
    return 'x'.repeat(size);
  }
}

type Transports = [string, PortalOptions, (url: string) => Promise<RawClient<Duplex>>][];

const TRANSPORTS: Transports = [
  ['TCP', {}, (url) => RawClient.open(url, '/')],
  [
    'TLS',
    { tls: LOCALHOST },
    async (url) => RawClient.over(await dialTls({ port: Number(new URL(url).port) })).handshake('/'),
  ],
  ['HTTP/2', { tls: LOCALHOST }, async (url) => (await Http2Client.connect(url, { ca: CA })).open('/')],
];

beforeEach(() => void (handled = 0));

describe.each(TRANSPORTS)('over %s', (_transport, options, open) => {
  test.each([
    [60, 100_000],
    [10, 700_000],
    [5, 2_000_000],
  ])('who asks %i times at once and reads is answered, each time with %i bytes', async (times, size) => {
    for (const message of [`${size}`, JSON.stringify({ event: 'download', data: size, id: 1 })]) {
      const app = await start([Downloads], options);
      const client = await open(app.url);
      client.write(Buffer.concat(Array.from({ length: times }, () => text(message))));
      for (let i = 0; i < times; i++) expect((await client.frame()).payload.length).toBeGreaterThanOrEqual(size);
      expect(app.log.lines.filter((line) => line.startsWith('warn'))).toEqual([]);
      client.destroy();
    }
  });
});

test('who does not read is not answered, and closed as slow in the end', async () => {
  const clock = new ManualClock();
  const app = await start([Downloads], { clock, heartbeat: false });
  const client = await RawClient.open(app.url, '/');
  client.socket.pause();
  client.write(Buffer.concat(Array.from({ length: 300 }, () => text('600000'))));
  const [connection] = app.connections;
  const turns = async (): Promise<void> => {
    for (let before = -1; before !== handled;) {
      before = handled;
      for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    }
  };
  while (connection!.bufferedBytes < 600_000) await turns();
  await turns();
  expect(handled).toBeLessThan(20);
  expect(connection!.bufferedBytes).toBeLessThan(1_200_000);
  for (let i = 0; i < 5 && connection!.state === 'open'; i++) {
    clock.advance(1000);
    await turns();
  }
  expect(connection!.state).toBe('closing');
  connection!.terminate();
  client.destroy();
});
