import type { Http2ServerRequest, ServerHttp2Session } from 'node:http2';
import type { Browser, Page } from 'playwright-core';
import type { EngineOptions } from '../../src/engine';
import { describeInChromium, launchChromium, newPage } from '../browser/chromium';
import { LOCALHOST } from '../support/certificates';
import { startEcho, type EchoServer } from './echo';
import { visit } from './visit';

describeInChromium('a page in Chromium that came over HTTP/2', () => {
  let browser: Browser | undefined;
  let page: Page;

  beforeAll(async () => {
    browser = await launchChromium();
  });

  beforeEach(async () => {
    page = await newPage(browser!, { ignoreHTTPSErrors: true });
  });

  afterEach(async () => {
    await page.context().close();
  });

  afterAll(async () => {
    await browser?.close();
  });

  /** Loads the page first: Chromium opens WebSockets only on connections known to support extended CONNECT. */
  async function opened(
    compression: boolean,
  ): Promise<EchoServer & { session: ServerHttp2Session; versions: string[] }> {
    const versions: string[] = [];
    let session: ServerHttp2Session | undefined;
    const request: EngineOptions['request'] = (incoming, response) => {
      versions.push(incoming.httpVersion);
      session = (incoming as unknown as Http2ServerRequest).stream.session as ServerHttp2Session;
      response.setHeader('Content-Type', 'text/html');
      response.end('<!doctype html><title>page</title>');
    };
    const server = await startEcho(compression, { tls: LOCALHOST, request });
    await page.goto(`${server.url.replace('wss:', 'https:')}/page`);
    return { ...server, session: session!, versions };
  }

  test.each([true, false])(
    'its WebSocket comes over HTTP/2 too, messages come back; compression: %s',
    async (compression) => {
      const { url, connection, closed, versions } = await opened(compression);
      const messages = [
        { binary: false, body: 'Hello' },
        { binary: false, body: 'é€😀' },
        { binary: true, body: Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('base64') },
        { binary: false, body: '{"event":"chat.message"} '.repeat(12_000) },
      ];
      const { extensions, answers, close } = await visit(page, url, { messages, leave: [4001, 'bye'] });
      const { httpVersion, secure } = (await connection).handshake;
      expect([versions[0], httpVersion, secure]).toEqual(['2.0', '2.0', true]);
      expect((await connection).compressed).toBe(compression);
      expect(extensions.includes('permessage-deflate')).toBe(compression);
      expect(answers).toEqual(messages);
      expect(await closed).toEqual({ code: 4001, reason: 'bye', clean: true });
      expect(close).toEqual({ code: 4001, reason: '', wasClean: true });
    },
  );

  test.each([1000, 1001, 1011, 4999])('the server closes with %i', async (code) => {
    const { url, closed } = await opened(true);
    const { close } = await visit(page, url, { ask: `close ${code} see you` });
    expect(close).toEqual({ code, reason: 'see you', wasClean: true });
    expect((await closed).clean).toBe(true);
  });

  test('page and WebSocket share one connection: cut, it ends both', async () => {
    const { url, connection, closed, session } = await opened(false);
    const visited = visit(page, url, { ask: 'stay' });
    expect((await connection).handshake.httpVersion).toBe('2.0');
    // the page has its WebSocket open
    await (await connection).ping();
    session.destroy();
    expect((await visited).close).toMatchObject({ code: 1006, wasClean: false });
    expect((await closed).code).toBe(1006);
  });
});
