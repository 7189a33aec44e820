import type { Browser } from 'playwright-core';
import { compileSamples, type CompiledSamples } from '../samples/compiled';
import { RunningProcesses, type Served } from '../samples/running-processes';
import { Broker, disposeBrokers } from '../support/broker';
import { ChatPage } from './chat-page';
import { describeInChromium, launchChromium } from './chromium';

const NO_OVERFLOW = { page: 0, pageSideways: 0, listSideways: 0 };
const ALONE = 'Connected, without Redis: other processes cannot be reached';

// these tests take long: Chromium, Redis and several processes that start and end
describeInChromium('the page of several processes in Chromium', () => {
  let browser: Browser | undefined;
  let compiled: CompiledSamples | undefined;
  let redis: Broker;
  let program: RunningProcesses | undefined;
  let served: Served[];
  let chats: ChatPage[];
  /** Each test has a room of its own, since all use the same processes. */
  let room: string;
  let rooms = 0;
  /** Starts killed processes and a lost Redis again, for the next test. */
  let isSpoiled = true;

  beforeAll(async () => {
    browser = await launchChromium();
    compiled = compileSamples();
  });

  afterAll(async () => {
    await browser?.close();
    await program?.kill();
    await disposeBrokers();
    compiled?.remove();
  });

  beforeEach(async () => {
    chats = [];
    room = `room-${++rooms}`;
    if (!isSpoiled) return;
    await program?.kill();
    await disposeBrokers();
    isSpoiled = false;
    redis = await Broker.start('redis');
    program = new RunningProcesses(compiled!, { WORKERS: '3', REDIS_URL: redis.url }, 'cluster/main.js');
    served = await Promise.all([1, 2, 3].map((worker) => program!.served(worker)));
  });

  afterEach(async () => {
    await Promise.all(chats.map(({ page }) => page.context().close()));
  });

  /** The process that a page is connected to. */
  async function workerOf({ page }: ChatPage): Promise<number> {
    return Number(await page.locator('#place .chip').textContent());
  }

  async function untilPlaced({ page }: ChatPage, worker: number): Promise<void> {
    await page.locator(`#place .chip:text-is("${worker}")`).waitFor();
  }

  /** A page that is connected to this process, or to another one than `not`. */
  async function join(nickname: string, { not = 0 } = {}, options?: Parameters<typeof ChatPage.open>[2]) {
    for (;;) {
      const chat = await ChatPage.open(browser!, `${served[0]!.url}?room=${room}`, options);
      chats.push(chat);
      await chat.join(nickname);
      const worker = await workerOf(chat);
      if (worker !== not) return { chat, worker };
      await chat.page.context().close();
      chats.pop();
    }
  }

  async function untilBadge({ page }: ChatPage, text: string, from: number, to: number): Promise<void> {
    await page
      .getByRole('log')
      .getByRole('listitem')
      .filter({ has: page.getByText(text, { exact: true }) })
      .getByText(`from process ${from} to process ${to}`, { exact: true })
      .waitFor();
  }

  async function untilOn({ page }: ChatPage, nickname: string, worker: number): Promise<void> {
    await page
      .locator('#members li')
      .filter({ has: page.getByText(nickname, { exact: true }) })
      .getByText(`on process ${worker}`, { exact: true })
      .waitFor();
  }

  async function texts({ page }: ChatPage): Promise<string[]> {
    return page.locator('#messages .text').allTextContents();
  }

  /** Ann and Bob, on two processes. */
  async function start() {
    const ann = await join('Ann');
    const bob = await join('Bob', { not: ann.worker });
    await ann.chat.untilMembers('Ann', 'Bob');
    return { ann: ann.chat, bob: bob.chat, a: ann.worker, b: bob.worker };
  }

  test('two pages on two processes talk, and see which', async () => {
    const { ann, bob, a, b } = await start();
    await ann.untilNotice('Bob joined');
    await untilOn(ann, 'Bob', b);
    await untilOn(bob, 'Ann', a);
    await ann.say('Hello Bob!');
    await bob.untilMessage('Ann', 'Hello Bob!');
    await ann.untilMessage('You', 'Hello Bob!');
    await bob.say('Hello Ann!');
    await ann.untilMessage('Bob', 'Hello Ann!');
    await untilBadge(ann, 'Hello Bob!', a, a);
    await untilBadge(ann, 'Hello Ann!', b, a);
    await untilBadge(bob, 'Hello Bob!', a, b);
    await bob.page.close();
    await ann.untilNotice('Bob left');
    await ann.untilMembers('Ann');
    expect([...ann.errors, ...bob.errors]).toEqual([]);
  });

  test('after a process is killed, the page comes back, and has missed nothing', async () => {
    const { ann, bob, a, b } = await start();
    await ann.say('before');
    await bob.untilMessage('Ann', 'before');
    await bob.page.getByRole('textbox', { name: 'Message' }).fill('A draft');
    isSpoiled = true;
    process.kill(served[b - 1]!.pid, 'SIGKILL');
    await ann.say('meanwhile');
    await bob.untilNotice('You are back.');
    await bob.untilMessage('Ann', 'meanwhile');
    await untilOn(ann, 'Bob', await workerOf(bob));
    await bob.page.getByRole('button', { name: 'Send' }).click();
    await ann.untilMessage('Bob', 'A draft');
    await bob.untilMessage('You', 'A draft');
    expect(await texts(bob)).toEqual(['before', 'meanwhile', 'A draft']);
    expect(await texts(ann)).toEqual(['before', 'meanwhile', 'A draft']);
    await untilBadge(ann, 'A draft', await workerOf(bob), a);
  });

  test('a reloaded page shows earlier messages', async () => {
    const { ann, bob } = await start();
    await ann.say('one');
    await bob.untilMessage('Ann', 'one');
    await bob.say('two');
    await ann.untilMessage('Bob', 'two');
    await bob.page.reload();
    await bob.untilMessage('You', 'two');
    await bob.untilMembers('Bob', 'Ann');
    await ann.say('three');
    await bob.untilMessage('Ann', 'three');
    expect(await texts(bob)).toEqual(['one', 'two', 'three']);
    expect(bob.errors).toEqual([]);
  });

  test('without Redis the talk goes on, and all get its messages later', async () => {
    const { ann, bob } = await start();
    await ann.say('before');
    await bob.untilMessage('Ann', 'before');
    isSpoiled = true;
    await redis.kill();
    for (const chat of [ann, bob]) await chat.untilLinkIs(ALONE);
    await ann.say('alone');
    await ann.page.locator('.waiting').getByText('waits for Redis').waitFor();
    await redis.start();
    for (const chat of [ann, bob]) await chat.untilLinkIs('Connected');
    await bob.untilMessage('Ann', 'alone');
    await ann.page.locator('.waiting').waitFor({ state: 'detached' });
    expect(await texts(ann)).toEqual(['before', 'alone']);
    expect(await texts(bob)).toEqual(['before', 'alone']);
  });

  test('when Redis has lost its data, the page says so, and joins again', async () => {
    const { ann, bob } = await start();
    await ann.say('before');
    await bob.untilMessage('Ann', 'before');
    isSpoiled = true;
    const empty = await Broker.start('redis');
    await program!.kill();
    const settings = { WORKERS: '3', REDIS_URL: empty.url, PORT: new URL(served[0]!.url).port };
    program = new RunningProcesses(compiled!, settings, 'cluster/main.js');
    for (const chat of [ann, bob]) {
      await chat.untilNotice('Some of what was said is not kept any more.');
      await chat.untilLinkIs('Connected');
    }
    await ann.untilMembers('Ann', 'Bob');
    await bob.say('after');
    await ann.untilMessage('Bob', 'after');
  });

  test('refuses a nickname that cannot be seen, and tidies rooms', async () => {
    const { chat } = await join('Ann');
    const other = await ChatPage.open(browser!, `${served[0]!.url}?room=Red%20Room`);
    chats.push(other);
    expect(await other.page.title()).toBe('red-room · Portal cluster');
    await other.askToJoin('\u200b\u2060');
    await other.page.getByRole('alert').getByText('characters that nobody can see').waitFor();
    await other.join('<i>Bob</i>');
    await other.switchRoom(room);
    await other.untilMembers('<i>Bob</i>', 'Ann');
    await chat.untilNotice('<i>Bob</i> joined');
    expect([...chat.errors, ...other.errors]).toEqual([]);
  });

  test.each([
    ['a phone', { width: 360, height: 740 }],
    ['a laptop', { width: 1280, height: 800 }],
  ])('fits on %s', async (_, viewport) => {
    const { chat: ann, worker } = await join('Ann', {}, { viewport });
    await untilPlaced(ann, worker);
    const { chat: bob } = await join('Bob', { not: worker });
    for (let count = 1; count <= 15; count++) await bob.say(`Message ${count}`);
    await bob.say('x'.repeat(1000));
    await ann.untilMessage('Bob', 'x'.repeat(1000));
    expect(await ann.overflow()).toEqual(NO_OVERFLOW);
    expect(await ann.belowMessages()).toBeLessThan(2);
  });
});
