import type { Browser } from 'playwright-core';
import { SamplesProcess } from '../samples/running-samples';
import { ChatPage } from './chat-page';
import { describeInChromium, launchChromium } from './chromium';
import { Network } from './network';

const NO_OVERFLOW = { page: 0, pageSideways: 0, listSideways: 0 };

// these tests take long: Chromium draws pages, and shares the machine with the server
describeInChromium('the chat page in Chromium', () => {
  let browser: Browser | undefined;
  let samples: SamplesProcess | undefined;
  let network: Network;
  let url: string;
  let chats: ChatPage[];

  beforeAll(async () => {
    browser = await launchChromium();
    samples = new SamplesProcess();
  });

  afterAll(async () => {
    await browser?.close();
    samples?.remove();
  });

  beforeEach(async () => {
    const { page } = await samples!.start();
    network = await Network.before(page);
    url = network.url;
    chats = [];
  });

  afterEach(async () => {
    await Promise.all(chats.map(({ page }) => page.context().close()));
    await network.cut();
    samples!.kill();
  });

  async function open(path: string, options?: Parameters<typeof ChatPage.open>[2]): Promise<ChatPage> {
    const chat = await ChatPage.open(browser!, url + path, options);
    chats.push(chat);
    return chat;
  }

  test('two tabs talk, and see who comes and goes', async () => {
    const ann = await open('/?room=garden');
    await ann.join('Ann');
    await ann.untilMembers('Ann');
    expect(await ann.page.title()).toBe('garden · Portal chat');

    const bob = await ann.openTab(`${url}/?room=garden`);
    await bob.join('Bob');
    await bob.untilMembers('Bob', 'Ann');
    await ann.untilNotice('Bob joined');
    await ann.untilMembers('Ann', 'Bob');

    await ann.say('Hello Bob!');
    await bob.untilMessage('Ann', 'Hello Bob!');
    await ann.untilMessage('You', 'Hello Bob!');
    await bob.say('Hello Ann!');
    await ann.untilMessage('Bob', 'Hello Ann!');

    await bob.page.close();
    await ann.untilNotice('Bob left');
    await ann.untilMembers('Ann');
    expect([...ann.errors, ...bob.errors]).toEqual([]);
  });

  test('a nickname that is taken is refused, and another one taken', async () => {
    const ann = await open('/');
    await ann.join('Ann');
    const other = await open('/');
    await other.askToJoin('ann');
    await other.page.getByRole('alert').getByText('ann is taken in this room.').waitFor();
    await other.join('Anna');
    await ann.untilMembers('Ann', 'Anna');
  });

  test('what people write is text, never markup', async () => {
    const ann = await open('/');
    await ann.join('<i>Ann</i>');
    const bob = await open('/');
    await bob.join('Bob');
    const markup = '<img src=x onerror="document.title = 1"><script>document.title = 2</script>';
    await ann.say(markup);
    await bob.untilMessage('<i>Ann</i>', markup);
    expect(await bob.page.locator('#messages :is(img, script, i), #members i').count()).toBe(0);
    expect(await bob.page.title()).toBe('lobby · Portal chat');
    expect(bob.errors).toEqual([]);
  });

  test('switches rooms, and back with the browser', async () => {
    const ann = await open('/?room=red');
    await ann.join('Ann');
    const bob = await open('/?room=blue%20%2F%202');
    await bob.join('Bob');
    await ann.switchRoom('blue / 2');
    await ann.untilMembers('Ann', 'Bob');
    await bob.untilMembers('Bob', 'Ann');
    expect(new URL(ann.page.url()).searchParams.get('room')).toBe('blue / 2');
    await ann.page.goBack();
    await ann.untilMembers('Ann');
    await bob.untilMembers('Bob');
    expect(await ann.page.title()).toBe('red · Portal chat');
  });

  test('comes back by itself when the connection is lost', async () => {
    const ann = await open('/');
    await ann.join('Ann');
    const bob = await open('/');
    await bob.join('Bob');
    await ann.page.getByRole('textbox', { name: 'Message' }).fill('A draft');
    const send = ann.page.getByRole('button', { name: 'Send' });

    await network.cut();
    await ann.untilLinkIs('Connection lost, trying again…');
    expect(await send.isDisabled()).toBe(true);
    await network.mend();
    for (const chat of [ann, bob]) {
      await chat.untilNotice('You are back.');
      await chat.untilLinkIs('Connected');
    }
    await send.click();
    await bob.untilMessage('Ann', 'A draft');
  });

  test('tells when the device is offline', async () => {
    const ann = await open('/');
    await ann.join('Ann');
    await ann.page.context().setOffline(true);
    await ann.untilLinkIs('Connection lost, trying again…');
    await ann.page.context().setOffline(false);
    await ann.untilNotice('You are back.');
    await ann.untilLinkIs('Connected');
  });

  test.each([
    ['a phone', { width: 390, height: 844 }],
    ['a laptop', { width: 1280, height: 800 }],
  ])('fits on %s: the list scrolls, the composer stays', async (_, viewport) => {
    const ann = await open('/', { viewport });
    expect(await ann.overflow()).toEqual(NO_OVERFLOW);
    await ann.join('Ann');
    const bob = await open('/');
    await bob.join('Bob');
    for (let count = 1; count <= 30; count++) await bob.say(`Message ${count}`);
    await bob.say('x'.repeat(1000));
    await ann.untilMessage('Bob', 'x'.repeat(1000));
    expect(await ann.overflow()).toEqual(NO_OVERFLOW);
    const composer = await ann.page.locator('#composer').boundingBox();
    expect(Math.round(composer!.y + composer!.height)).toBe(viewport.height);

    expect(await ann.belowMessages()).toBeLessThan(2);
    await ann.page.getByText('Message 1', { exact: true }).scrollIntoViewIfNeeded();
    await bob.say('One more');
    await ann.page.getByRole('button', { name: 'New messages' }).click();
    expect(await ann.belowMessages()).toBeLessThan(2);
    await ann.page.getByRole('button', { name: 'New messages' }).waitFor({ state: 'hidden' });
  });

  test('on a phone the list of people is a drawer that the keyboard can use', async () => {
    const ann = await open('/', { viewport: { width: 390, height: 844 } });
    await ann.join('Ann');
    const people = ann.page.getByRole('complementary', { name: 'Who is here' });
    expect(await people.isVisible()).toBe(false);
    const button = ann.page.getByRole('button', { name: 'Who is here: 1' });
    await button.press('Enter');
    await people.getByText('Ann', { exact: true }).waitFor();
    await ann.page.locator('#people-close:focus').waitFor();
    await ann.page.keyboard.press('Escape');
    await people.waitFor({ state: 'hidden' });
    await ann.page.locator('#people-button:focus').waitFor();
  });
});
