import { inspect } from 'node:util';
import type { Browser, Page } from 'playwright-core';
import {
  bootstrap,
  Connection,
  Module,
  OnMessage,
  OnUpgrade,
  UseGuards,
  WebSocketPath,
  type Application,
  type Context,
  type Guard,
} from '../../src';
import { describeInChromium, launchChromium } from '../browser/chromium';

jest.setTimeout(60_000);

const TOKEN = 't0ken-of-ann';

/** The guide's own example. */
class AuthGuard implements Guard {
  canActivate({ connection }: Context): boolean {
    const offered = connection.handshake.headers['sec-websocket-protocol'] ?? '';
    return /(?:^|, *)bearer\.([^, ]+)/.exec(offered)?.[1] === TOKEN;
  }
}

@WebSocketPath('/declared', { protocols: ['app.v1'] })
@UseGuards(AuthGuard)
class DeclaredController {
  @OnMessage()
  echo(message: string) {
    return message;
  }
}

@WebSocketPath('/undeclared')
@UseGuards(AuthGuard)
class UndeclaredController {
  @OnUpgrade()
  enter() {
    return { protocol: 'app.v1' };
  }

  @OnMessage()
  echo(message: string, connection: Connection) {
    return `${connection.protocol}: ${message}`;
  }
}

@Module({ controllers: [DeclaredController, UndeclaredController] })
class AppModule {}

/** The outcome of a page's WebSocket with these subprotocols. */
async function visit(
  page: Page,
  url: string,
  protocols: string[],
): Promise<{ protocol: string; answer: string } | 'failed'> {
  const script = `new Promise((resolve) => {
    const socket = new WebSocket(${JSON.stringify(url)}, ${JSON.stringify(protocols)});
    socket.onerror = () => resolve('failed');
    socket.onopen = () => socket.send('hi');
    socket.onmessage = ({ data }) => {
      resolve({ protocol: socket.protocol, answer: data });
      socket.close();
    };
  })`;
  return page.evaluate<{ protocol: string; answer: string } | 'failed'>(script);
}

describeInChromium('a page in Chromium that brings its token as a subprotocol', () => {
  let browser: Browser | undefined;
  let page: Page;
  let app: Application | undefined;
  const lines: unknown[] = [];
  const write = (...line: unknown[]): void => void lines.push(line);
  const logger = { info: write, warn: write, error: write };

  beforeAll(async () => {
    app = await bootstrap(AppModule, { port: 0, host: '127.0.0.1', origins: '*', logger });
    browser = await launchChromium();
    page = await browser.newPage();
  });

  afterAll(async () => {
    await browser?.close();
    await app?.close();
    expect(lines.length).toBeGreaterThan(0);
    expect(inspect(lines, { depth: 8 })).not.toContain(TOKEN);
  });

  test.each([
    ['a path that declares the other one', '/declared', 'hi'],
    ['a path that chooses it in @OnUpgrade', '/undeclared', 'app.v1: hi'],
  ])('%s', async (_what, path, answer) => {
    const orders = [
      ['app.v1', `bearer.${TOKEN}`],
      [`bearer.${TOKEN}`, 'app.v1'],
    ];
    for (const protocols of orders) {
      expect(await visit(page, app!.url + path, protocols)).toEqual({ protocol: 'app.v1', answer });
    }
  });

  test.each([
    ['nothing but the token: none could be selected', '/declared', [`bearer.${TOKEN}`]],
    ['nothing but the token: that could not be selected', '/undeclared', [`bearer.${TOKEN}`]],
    ['a wrong token', '/declared', ['app.v1', 'bearer.wrong']],
  ])('%s, so the page is not connected', async (_what, path, protocols) => {
    expect(await visit(page, app!.url + path, protocols)).toBe('failed');
  });
});
