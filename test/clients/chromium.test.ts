import type { Browser, Page } from 'playwright-core';
import { describeInChromium, launchChromium, newPage } from '../browser/chromium';
import { MESSAGES, startEcho } from './echo';
import { visit } from './visit';

describeInChromium('a page in Chromium', () => {
  let browser: Browser | undefined;
  let page: Page;

  beforeAll(async () => {
    browser = await launchChromium();
    page = await newPage(browser);
  });

  afterAll(async () => {
    await browser?.close();
  });

  test.each([true, false])('messages come back; compression is as agreed: %s', async (compression) => {
    const { url, connection, closed } = await startEcho(compression);
    const messages = MESSAGES.map(([, message]) =>
      typeof message === 'string'
        ? { binary: false, body: message }
        : { binary: true, body: message.toString('base64') },
    );
    const { extensions, answers, close } = await visit(page, url, { messages, leave: [4001, 'bye'] });
    expect((await connection).compressed).toBe(compression);
    expect(extensions.includes('permessage-deflate')).toBe(compression);
    expect(answers).toEqual(messages);
    expect(await closed).toEqual({ code: 4001, reason: 'bye', clean: true });
    expect(close).toEqual({ code: 4001, reason: '', wasClean: true });
  });

  test.each<[number, string, unknown[]]>([
    [1005, '', []],
    [1000, '', [1000]],
    [3000, 'é'.repeat(61), [3000, 'é'.repeat(61)]],
    [4999, 'bye', [4999, 'bye']],
  ])('the page closes with %i "%s"', async (code, reason, leave) => {
    const { url, closed } = await startEcho(true);
    expect((await visit(page, url, { leave })).close).toMatchObject({ code, wasClean: true });
    expect(await closed).toEqual({ code, reason, clean: true });
  });

  test.each([1000, 1001, 1003, 1008, 1011, 1013, 3000, 4999])('the server closes with %i', async (code) => {
    const { url, closed } = await startEcho(true);
    const { close } = await visit(page, url, { ask: `close ${code} see you` });
    expect(close).toEqual({ code, reason: 'see you', wasClean: true });
    expect((await closed).clean).toBe(true);
  });
});
