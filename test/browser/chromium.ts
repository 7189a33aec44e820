import { existsSync } from 'node:fs';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

const EXECUTABLE = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium';

const ARGUMENTS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const MISSING = `there is no Chromium at ${EXECUTABLE}: install it there, or set CHROMIUM_PATH`;

/** Tests that need Chromium: without it they are skipped, but in CI they fail in `launchChromium`. */
export function describeInChromium(name: string, tests: () => void): void {
  if (existsSync(EXECUTABLE) || process.env.CI) {
    describe(name, tests);
    return;
  }
  // Jest does not print a file whose tests are all skipped
  process.stderr.write(`skipped: ${name} (${MISSING})\n`);
  describe.skip(name, tests);
}

export async function launchChromium(): Promise<Browser> {
  if (!existsSync(EXECUTABLE)) throw new Error(MISSING);
  return chromium.launch({ executablePath: EXECUTABLE, args: ARGUMENTS, timeout: 0 });
}

/** Opens a page in a window of its own. It waits as long as the test may take, since the machine may be busy. */
export async function newPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(0);
  return context.newPage();
}
