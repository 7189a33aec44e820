import { createHash, randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { SamplesProcess } from '../samples/running-samples';
import { describeInChromium, launchChromium, newPage } from './chromium';
import { Network } from './network';

const MB = 1_000_000;
const LARGE = 200 * MB;

/** Far below the size of the file, and far above the garbage that V8 leaves. */
const MOST_GROWTH = 100 * MB;

const PHONE = { width: 390, height: 844 };
const LAPTOP = { width: 1280, height: 800 };

/** A file without repetitions, and its SHA-256. */
function writeFile(path: string, size: number): { path: string; sha256: string } {
  const hash = createHash('sha256');
  const file = openSync(path, 'w');
  for (let left = size; left > 0; left -= MB) {
    const block = randomBytes(Math.min(left, MB));
    hash.update(block);
    writeSync(file, block);
  }
  closeSync(file);
  return { path, sha256: hash.digest('hex') };
}

// these tests take long: Chromium reads and sends 200 MB
describeInChromium('the upload page in Chromium', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portal-upload-test-'));
  const large = writeFile(join(folder, 'Grüße & küsse #1.bin'), LARGE);
  const small = writeFile(join(folder, 'small.bin'), 4 * MB);
  let browser: Browser | undefined;
  let samples: SamplesProcess | undefined;
  let stored: string;
  let serverId: number;
  let network: Network | undefined;
  let pages: Page[];
  let errors: string[];

  beforeAll(async () => {
    browser = await launchChromium();
    samples = new SamplesProcess();
  });

  afterAll(async () => {
    await browser?.close();
    samples?.remove();
    rmSync(folder, { recursive: true, maxRetries: 5 });
  });

  beforeEach(() => {
    stored = mkdtempSync(join(folder, 'stored-'));
    process.env.UPLOAD_FOLDER = stored;
    pages = [];
    errors = [];
  });

  afterEach(async () => {
    await Promise.all(pages.map((page) => page.context().close()));
    await network?.cut();
    samples!.kill();
    for (const variable of ['UPLOAD_MAX_FILE_BYTES', 'UPLOAD_CAPACITY_BYTES']) delete process.env[variable];
  });

  /** Resolves with the address of its page. */
  async function startServer(): Promise<string> {
    const { child, page } = await samples!.start();
    serverId = child.pid!;
    return `${page}uploads/`;
  }

  async function open(url: string, options: BrowserContextOptions = {}): Promise<Page> {
    const page = await newPage(browser!, { viewport: LAPTOP, ...options });
    pages.push(page);
    page.on('pageerror', (error) => errors.push(String(error)));
    page.on('console', (message) => {
      if (message.type() === 'error') errors.push(message.text());
    });
    await page.goto(url);
    await page.getByText('Nothing yet.').waitFor();
    return page;
  }

  const choose = (page: Page, path: string): Promise<void> => page.getByLabel('Choose a file').setInputFiles(path);
  const untilTitled = (page: Page, name: string): Promise<void> =>
    page.getByRole('region', { name: 'Upload' }).getByRole('heading', { name, exact: true }).waitFor();

  const unfinished = (): string[] => readdirSync(join(stored, '.unfinished'));
  const turn = (): Promise<void> => new Promise(setImmediate);

  async function untilNothingIsUnfinished(): Promise<void> {
    while (unfinished().length > 0) await turn();
  }

  /** Chooses the large file, and stops the server as soon as it has a part. Resolves with a function that lets it go on. */
  async function beginLarge(page: Page): Promise<() => void> {
    await choose(page, large.path);
    while (!unfinished().some((name) => statSync(join(stored, '.unfinished', name)).size > MB)) await turn();
    process.kill(serverId, 'SIGSTOP');
    await page.getByText(/^\S+ [kM]B of 200 MB arrived$/).waitFor();
    return () => process.kill(serverId, 'SIGCONT');
  }

  /** Resident memory of the server in bytes, now and at its peak. */
  function memory(): { now: number; peak: number } {
    const status = readFileSync(`/proc/${serverId}/status`, 'utf8');
    const read = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)![1]) * 1024;
    return { now: read('VmRSS'), peak: read('VmHWM') };
  }

  test('a file of 200 MB arrives as it is, shows its progress, and costs the server little memory', async () => {
    const page = await open(await startServer());
    const before = memory().now;
    const goOn = await beginLarge(page);
    await untilTitled(page, 'Grüße & küsse #1.bin');
    const progress = page.getByRole('progressbar', { name: 'Arrived at the server' });
    expect(await progress.getAttribute('aria-valuetext')).toMatch(/^\d+ %, \S+ [kM]B of 200 MB$/);
    goOn();
    await untilTitled(page, 'It has arrived');
    const grown = memory().peak - before;
    expect(await page.locator('#sha256').textContent()).toBe(large.sha256);
    expect(grown).toBeLessThan(MOST_GROWTH);

    const link = page.getByRole('link', { name: 'Grüße & küsse #1.bin' });
    const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
    expect(download.suggestedFilename()).toBe('Grüße & küsse #1.bin');
    const content = readFileSync(await download.path());
    expect(createHash('sha256').update(content).digest('hex')).toBe(large.sha256);
    expect(errors).toEqual([]);
  });

  test('cancelling stops at once, and nothing is kept', async () => {
    const page = await open(await startServer());
    const goOn = await beginLarge(page);
    await page.getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Cancelled. Nothing of the file was kept.').first().waitFor();
    goOn();
    await untilNothingIsUnfinished();
    expect(readdirSync(stored)).toEqual(['.unfinished']);
    expect(errors).toEqual([]);
  });

  test('when the connection breaks off it says so, and a second try succeeds', async () => {
    network = await Network.before(await startServer());
    const page = await open(`${network.url}/uploads/`);
    const goOn = await beginLarge(page);
    await network.cut();
    await untilTitled(page, 'The connection broke off');
    goOn();
    await untilNothingIsUnfinished();
    await page.getByRole('button', { name: 'Try again' }).click();
    await untilTitled(page, 'The server does not answer');
    await network.mend();
    await page.getByRole('button', { name: 'Try again' }).click();
    await untilTitled(page, 'It has arrived');
    expect(await page.locator('#sha256').textContent()).toBe(large.sha256);
  });

  test('a file that is too big is not even sent', async () => {
    process.env.UPLOAD_MAX_FILE_BYTES = String(MB);
    const page = await open(await startServer());
    await choose(page, large.path);
    await untilTitled(page, 'This file is too big');
    await page.getByText('It has 200 MB. The server takes files of up to 1 MB.').first().waitFor();
    await page.getByRole('button', { name: 'Take another file' }).click();
    await untilTitled(page, 'Upload a file');
  });

  test('a server with a lower limit than the page knows closes with 1009, and the page says so', async () => {
    process.env.UPLOAD_MAX_FILE_BYTES = String(MB);
    const page = await open(await startServer());
    await page.route('**/uploads/files', (route) => route.fulfill({ json: { files: [], maxBytes: LARGE } }));
    await page.reload();
    await page.getByText('Up to 200 MB.').waitFor();
    await choose(page, small.path);
    await untilTitled(page, 'This file is too big');
    await page.getByText('It has 4 MB, more than the server takes.').first().waitFor();
    await untilNothingIsUnfinished();
  });

  test('a server that is full says so', async () => {
    process.env.UPLOAD_CAPACITY_BYTES = String(50 * MB);
    const page = await open(await startServer());
    await choose(page, large.path);
    await untilTitled(page, 'The server is full');
    await page.getByText('There is no room left for this file on the server.').first().waitFor();
    await untilNothingIsUnfinished();
  });

  test.each([
    ['a phone', PHONE],
    ['a laptop', LAPTOP],
  ])('fits on %s, and can be used with the keyboard', async (_, viewport) => {
    const page = await open(await startServer(), { viewport });
    const small = writeFile(join(folder, `${'long name '.repeat(12)}.bin`), 1000);
    await page.keyboard.press('Tab');
    const button = page.locator('#file:focus');
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), button.press('Enter')]);
    await chooser.setFiles(small.path);
    await untilTitled(page, 'It has arrived');
    expect(await page.locator('#sha256').textContent()).toBe(small.sha256);
    const { scrollWidth, clientWidth } = await page.locator('html').evaluate(widths);
    expect(scrollWidth).toBe(clientWidth);
    await page.keyboard.press('Tab');
    await page.locator('.done .another:focus').press('Enter');
    await untilTitled(page, 'Upload a file');
    expect(errors).toEqual([]);
  });
});

/** The part of an element's type that is used here; the DOM's types are not loaded. */
interface Widths {
  scrollWidth: number;
  clientWidth: number;
}

function widths({ scrollWidth, clientWidth }: Widths): Widths {
  return { scrollWidth, clientWidth };
}
