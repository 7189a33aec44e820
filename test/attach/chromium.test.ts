import type { IncomingMessage } from 'node:http';
import { createSecureServer, type Http2SecureServer } from 'node:http2';
import type { Duplex } from 'node:stream';
import type { Browser, Page } from 'playwright-core';
import { WebSocketServer } from 'ws';
import { Connection, createApp, OnMessage, WebSocketPath } from '../../src';
import { describeInChromium, launchChromium, newPage } from '../browser/chromium';
import { moduleOf } from '../support/app';
import { LOCALHOST } from '../support/certificates';
import { opened, portOf } from '../support/foreign';

@WebSocketPath('/chat')
class ChatController {
  @OnMessage()
  say(text: string, connection: Connection) {
    return `${text} over HTTP/${connection.handshake.httpVersion}`;
  }
}

type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** Runs in the page. Resolves with the answer of a WebSocket, or its close code. */
const ASK = `(path) => new Promise((resolve) => {
  const socket = new WebSocket('wss://' + location.host + path);
  socket.onopen = () => socket.send('hi');
  socket.onmessage = ({ data }) => resolve(data);
  socket.onclose = ({ code }) => resolve(code);
})`;

describeInChromium('a page in Chromium, on a server of HTTP/2 with ws and Portal', () => {
  let browser: Browser | undefined;
  let server: Http2SecureServer;
  let page: Page;
  const versions: string[] = [];

  beforeAll(async () => {
    browser = await launchChromium();
  });

  afterAll(async () => {
    await browser?.close();
  });

  beforeEach(async () => {
    versions.length = 0;
    server = await opened(
      createSecureServer({ ...LOCALHOST, allowHTTP1: true }, (request, response) => {
        versions.push(request.httpVersion);
        response.setHeader('Content-Type', 'text/html');
        response.end('<title>page</title>');
      }),
    );
    page = await newPage(browser!, { ignoreHTTPSErrors: true });
  });

  const ask = (path: string): Promise<string | number> => page.evaluate(`(${ASK})(${JSON.stringify(path)})`);

  test("a page opens Portal's WebSockets over HTTP/2, and those of ws over HTTP/1.1", async () => {
    const theirs = new WebSocketServer({ noServer: true });
    const listener: UpgradeListener = (request, socket, head) => {
      if (request.url !== '/theirs') return;
      theirs.handleUpgrade(request, socket, head, (client) => client.send('hi from ws'));
    };
    server.on('upgrade', listener);
    const app = await createApp(moduleOf([ChatController]));
    await app.attach(server);
    await page.goto(`https://localhost:${portOf(server)}/`);
    expect(versions[0]).toBe('2.0');
    expect(await ask('/chat')).toBe('hi over HTTP/2.0');
    expect(await ask('/theirs')).toBe('hi from ws');
    expect(await ask('/chat')).toMatch(/^hi over HTTP\/[12]/);
    await page.context().close();
    await app.close();
  });

  test('a page gets an error for a path that nobody serves', async () => {
    const app = await createApp(moduleOf([ChatController]), { logger: { info() {}, warn() {}, error() {} } });
    await app.attach(server);
    await page.goto(`https://localhost:${portOf(server)}/`);
    expect(await ask('/nowhere')).toBe(1006);
    expect(await ask('/chat')).toBe('hi over HTTP/2.0');
    await page.context().close();
    await app.close();
  });
});
