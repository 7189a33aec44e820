import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { newPage } from './chromium';

/** One tab with the chat page. Waiting ends at the test's own timeout. */
export class ChatPage {
  /** Script errors and refused resources of the page. */
  readonly errors: string[] = [];

  private constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') this.errors.push(message.text());
    });
  }

  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<ChatPage> {
    const chat = new ChatPage(await newPage(browser, { viewport: { width: 1280, height: 800 }, ...options }));
    await chat.page.goto(url);
    return chat;
  }

  /** Another tab of the same window. */
  async openTab(url: string): Promise<ChatPage> {
    const chat = new ChatPage(await this.page.context().newPage());
    await chat.page.goto(url);
    return chat;
  }

  async askToJoin(nickname: string): Promise<void> {
    await this.page.getByLabel('Nickname').fill(nickname);
    await this.page.getByRole('button', { name: 'Join' }).click();
  }

  async join(nickname: string): Promise<void> {
    await this.askToJoin(nickname);
    await this.page.getByRole('log', { name: 'Messages' }).waitFor();
  }

  async say(text: string): Promise<void> {
    const field = this.page.getByRole('textbox', { name: 'Message' });
    await field.fill(text);
    await field.press('Enter');
  }

  async switchRoom(room: string): Promise<void> {
    await this.page.getByRole('button', { name: 'Switch room' }).click();
    await this.page.getByRole('dialog').getByLabel('Room').fill(room);
    await this.page.getByRole('button', { name: 'Go', exact: true }).click();
  }

  async untilMessage(nickname: string, text: string): Promise<void> {
    await this.page
      .getByRole('log')
      .getByRole('listitem')
      .filter({ has: this.page.getByText(nickname, { exact: true }) })
      .filter({ has: this.page.getByText(text, { exact: true }) })
      .waitFor();
  }

  async untilNotice(text: string): Promise<void> {
    await this.page.getByRole('log').getByText(text).first().waitFor();
  }

  /** Waits until these are the people on the list, in this order. */
  async untilMembers(...nicknames: string[]): Promise<void> {
    const each = nicknames.map(
      (name, index) => `:has(> li:nth-child(${index + 1}) bdi:text-is(${JSON.stringify(name)}))`,
    );
    const noMore = `:not(:has(> li:nth-child(${nicknames.length + 1})))`;
    await this.page.locator(`#members${each.join('')}${noMore}`).waitFor();
  }

  async untilLinkIs(state: string): Promise<void> {
    await this.page.getByRole('status').getByText(state, { exact: true }).waitFor();
  }

  /** Pixels by which the page, or the list of messages sideways, could be scrolled. */
  async overflow(): Promise<{ page: number; pageSideways: number; listSideways: number }> {
    const page = await this.page.locator('html').evaluate(scrollBox);
    const list = await this.page.locator('#messages').evaluate(scrollBox);
    return {
      page: page.scrollHeight - page.clientHeight,
      pageSideways: page.scrollWidth - page.clientWidth,
      listSideways: list.scrollWidth - list.clientWidth,
    };
  }

  /** Pixels of the list of messages below its visible part. */
  async belowMessages(): Promise<number> {
    const { scrollHeight, scrollTop, clientHeight } = await this.page.locator('#messages').evaluate(scrollBox);
    return scrollHeight - scrollTop - clientHeight;
  }
}

/** The part of an element's type that is used here; the DOM's types are not loaded. */
interface ScrollBox {
  scrollTop: number;
  scrollHeight: number;
  scrollWidth: number;
  clientHeight: number;
  clientWidth: number;
}

function scrollBox({ scrollTop, scrollHeight, scrollWidth, clientHeight, clientWidth }: ScrollBox): ScrollBox {
  return { scrollTop, scrollHeight, scrollWidth, clientHeight, clientWidth };
}
