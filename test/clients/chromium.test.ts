import type { Browser, Page } from 'playwright-core';
import { describeInChromium, launchChromium } from '../browser/chromium';
import { MESSAGES, startEcho } from './echo';

jest.setTimeout(60_000);

interface Visit {
  extensions: string;
  /** As they came, bytes in base64. */
  answers: { binary: boolean; body: string }[];
  close: { code: number; reason: string; wasClean: boolean };
}

/** Runs in the page: sends the messages one after the other, then the last words. */
const VISIT = `async ({ url, messages, leave, ask }) => {
  const socket = new WebSocket(url);
  socket.binaryType = 'arraybuffer';
  const closed = new Promise((resolve) => {
    socket.onclose = ({ code, reason, wasClean }) => resolve({ code, reason, wasClean });
  });
  await new Promise((resolve, reject) => Object.assign(socket, { onopen: resolve, onerror: reject }));
  const answers = [];
  for (const { binary, body } of messages) {
    const answer = new Promise((resolve) => (socket.onmessage = ({ data }) => resolve(data)));
    socket.send(binary ? Uint8Array.from(atob(body), (c) => c.charCodeAt(0)) : body);
    const data = await answer;
    if (typeof data === 'string') answers.push({ binary: false, body: data });
    else answers.push({ binary: true, body: btoa(Array.from(new Uint8Array(data), (b) => String.fromCharCode(b)).join('')) });
  }
  const { extensions } = socket;
  if (ask) socket.send(ask);
  else socket.close(...leave);
  return { extensions, answers, close: await closed };
}`;

describeInChromium('a page in Chromium', () => {
  let browser: Browser | undefined;
  let page: Page;

  beforeAll(async () => {
    browser = await launchChromium();
    page = await browser.newPage();
  });

  afterAll(async () => {
    await browser?.close();
  });

  async function visit(url: string, what: object): Promise<Visit> {
    const argument = JSON.stringify({ url, messages: [], leave: [], ...what });
    return page.evaluate<Visit>(`(${VISIT})(${argument})`);
  }

  test.each([true, false])('messages come back; compression is as agreed: %s', async (compression) => {
    const { url, connection, closed } = await startEcho(compression);
    const messages = MESSAGES.map(([, message]) =>
      typeof message === 'string'
        ? { binary: false, body: message }
        : { binary: true, body: message.toString('base64') },
    );
    const { extensions, answers, close } = await visit(url, { messages, leave: [4001, 'bye'] });
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
    expect((await visit(url, { leave })).close).toMatchObject({ code, wasClean: true });
    expect(await closed).toEqual({ code, reason, clean: true });
  });

  test.each([1000, 1001, 1003, 1008, 1011, 1013, 3000, 4999])('the server closes with %i', async (code) => {
    const { url, closed } = await startEcho(true);
    const { close } = await visit(url, { ask: `close ${code} see you` });
    expect(close).toEqual({ code, reason: 'see you', wasClean: true });
    expect((await closed).clean).toBe(true);
  });
});
