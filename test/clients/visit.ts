import type { Page } from 'playwright-core';

/** A page's record of its WebSocket. */
export interface Visit {
  extensions: string;
  /** Messages in order, bytes in base64. */
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

export function visit(page: Page, url: string, what: object): Promise<Visit> {
  const argument = JSON.stringify({ url, messages: [], leave: [], ...what });
  return page.evaluate<Visit>(`(${VISIT})(${argument})`);
}
