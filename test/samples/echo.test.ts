import { once } from 'node:events';
import { WebSocket } from 'ws';
import { bootstrap, type Application } from 'portal-ws';
import { EchoModule } from '../../samples/echo/echo';

describe('the echo sample', () => {
  let app: Application;

  beforeAll(async () => {
    app = await bootstrap(EchoModule, { port: 0 });
  });

  afterAll(() => app.close());

  async function answerTo(message: string | Buffer): Promise<{ data: Buffer; isBinary: boolean }> {
    const socket = new WebSocket(`${app.url}/echo`);
    await once(socket, 'open');
    const answered = once(socket, 'message') as Promise<[Buffer, boolean]>;
    socket.send(message);
    const [data, isBinary] = await answered;
    const closed = once(socket, 'close');
    socket.close(1000);
    await closed;
    return { data, isBinary };
  }

  test('answers text with text', async () => {
    const { data, isBinary } = await answerTo('hé');
    expect(data.toString()).toBe('hé from client');
    expect(isBinary).toBe(false);
  });

  test('returns bytes as they came', async () => {
    const bytes = Buffer.from([0, 1, 2, 0xff, 0xfe]);
    const { data, isBinary } = await answerTo(bytes);
    expect(data).toEqual(bytes);
    expect(isBinary).toBe(true);
  });

  test('tells a plain HTTP request to upgrade', async () => {
    const answer = await fetch(`${app.url.replace('ws', 'http')}/echo`);
    expect(answer.status).toBe(426);
    expect(answer.headers.get('upgrade')).toBe('websocket');
    await answer.text();
  });
});
