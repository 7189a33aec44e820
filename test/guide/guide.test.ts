import { Application, type PortalOptions } from 'portal-ws';
import { WebSocket } from 'undici';
import { build } from './build';
import * as guide from './pages';
import { replay } from './transcript';

const pages = guide.readPages();
const blocks = pages.flatMap((page) => page.blocks);
const json = blocks.filter(({ language }) => language === 'json');

/** The settings that the guide tells its readers to use. */
function tsconfig(): unknown {
  const block = json.find(({ page, code }) => page === 'getting-started.md' && code.includes('compilerOptions'));
  return (JSON.parse(block!.code) as { compilerOptions: unknown }).compilerOptions;
}

const built = build(pages, tsconfig());
const load = (block: guide.Block): Record<string, unknown> =>
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- jest's, with its paths and its registry
  require(built.pathOf(block)) as Record<string, unknown>;

const listen = jest.spyOn(Application.prototype, 'listen');
const started = (): Application[] => listen.mock.contexts as Application[];

// what a browser has, and Node since version 22
Object.assign(globalThis, { WebSocket: (globalThis as { WebSocket?: unknown }).WebSocket ?? WebSocket });

afterEach(async () => {
  await Promise.all(started().map((app) => app.close()));
  listen.mockClear();
});
afterAll(() => built.remove());

test('all modules of all pages compile', () => {
  expect(built.errors).toEqual([]);
});

test('all JSON of all pages is JSON', () => {
  const isJson = (text: string): boolean => {
    try {
      return JSON.parse(text) !== undefined;
    } catch {
      return false;
    }
  };
  expect(json.filter(({ code }) => !isJson(code))).toEqual([]);
});

describe.each(pages.map((page) => [page.name, page] as const))('%s', (_name, page) => {
  const tests = page.blocks.filter(guide.isTest);
  const programs = page.blocks.filter(guide.isProgram);
  const transcripts = page.blocks.filter(guide.isTranscript);

  test('all that it shows is run', () => {
    const roots = [...tests, ...programs, ...transcripts.map((block) => guide.applicationBefore(block, page.blocks))];
    const reached = new Set(roots.flatMap((block) => [...guide.reachedFrom(block, page.blocks)]));
    expect(tests.length + transcripts.length).toBeGreaterThan(0);
    expect(page.blocks.filter((block) => guide.isModule(block) && !reached.has(block))).toEqual([]);
  });

  for (const block of transcripts) {
    test(`what is said in line ${block.line} is said`, async () => {
      const { AppModule, options } = load(guide.applicationBefore(block, page.blocks));
      await replay(block.code, AppModule as new () => unknown, options as PortalOptions | undefined);
    });
  }

  for (const block of programs) {
    test(`${block.file} starts and stops`, async () => {
      process.env.PORT = '0';
      const log = jest.spyOn(console, 'log').mockImplementation(() => {});
      load(block);
      await Promise.all(listen.mock.results.map(({ value }) => value as Promise<void>));
      await new Promise((resolve) => setImmediate(resolve));
      const [app] = started();
      expect(app).toBeInstanceOf(Application);
      const port = String(app!.port);
      await app!.close();
      const output = log.mock.calls.map((line) => line.join(' ').replaceAll(port, '5005')).join('\n');
      log.mockRestore();
      const shown = page.blocks.find(({ language, info }) => language === 'text' && info === block.file);
      if (shown !== undefined) expect(output).toBe(shown.code);
    });
  }

  for (const block of tests) load(block);
});
