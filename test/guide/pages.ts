import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export const GUIDE = join(__dirname, '../../docs/guide');

/** A fenced block of a page. */
export interface Block {
  /** Such as `guards.md`. */
  readonly page: string;
  /** The line of the page on which its code begins, counted from 1. */
  readonly line: number;
  readonly language: string;
  /** What follows the language. */
  readonly info: string;
  /** The file that it is: from a first line such as `// chat.controller.ts`, else after its line. */
  readonly file: string;
  readonly code: string;
}

export interface Page {
  readonly name: string;
  readonly text: string;
  readonly blocks: readonly Block[];
  /** The page says with `<!-- blocks: esbuild -->` that its blocks run without emitted types. */
  readonly withoutTypes: boolean;
}

export function readPages(): Page[] {
  const names = readdirSync(GUIDE).filter((name) => name.endsWith('.md'));
  return names.map((name) => readPage(name, readFileSync(join(GUIDE, name), 'utf8')));
}

export function readPage(name: string, text: string): Page {
  const blocks: Block[] = [];
  let open: { line: number; language: string; info: string; code: string[] } | undefined;
  for (const [index, row] of text.split('\n').entries()) {
    if (open === undefined) {
      const fence = /^```(\w+) ?(.*)$/.exec(row);
      if (fence !== null) open = { line: index + 2, language: fence[1]!, info: fence[2]!, code: [] };
      else if (row.startsWith('```')) throw new Error(`${name}:${index + 1}: a block without a language`);
    } else if (row === '```') {
      const code = open.code.join('\n');
      const file = /^\/\/ ([\w.-]+\.[tj]s)\n/.exec(code)?.[1] ?? `line-${open.line}.${open.language}`;
      const other = blocks.find((block) => block.file === file);
      if (other !== undefined) throw new Error(`${name}:${open.line}: ${file} is there already, in line ${other.line}`);
      blocks.push({ page: name, ...open, file, code });
      open = undefined;
    } else {
      open.code.push(row);
    }
  }
  if (open !== undefined) throw new Error(`${name}:${open.line}: the block is not closed`);
  return { name, text, blocks, withoutTypes: text.includes('<!-- blocks: esbuild -->') };
}

/** What links can name after a `#`. */
export function anchorsOf({ text }: Page): string[] {
  const headings = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading!);
  return headings.map((heading) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}

/** Whole modules: all TypeScript, and JavaScript that is named. */
export function isModule({ language, file }: Block): boolean {
  return language === 'ts' || (language === 'js' && !file.startsWith('line-'));
}

/** Has assertions, which are run. */
export function isTest({ language, info }: Block): boolean {
  return language === 'ts' && info === 'test';
}

/** Starts an application when it is loaded. */
export function isProgram(block: Block): boolean {
  return isModule(block) && !isTest(block) && /\bbootstrap\(/.test(block.code);
}

/** A conversation with the application of the page: `GET /path`, headers, then `→` and `←`. */
export function isTranscript({ language, code }: Block): boolean {
  return language === 'text' && /^(?:\w+ )?GET \//.test(code);
}

/** The block that is the last one before a line to export an `AppModule`. */
export function applicationBefore({ page, line }: Block, blocks: readonly Block[]): Block {
  const candidates = blocks.filter((block) => block.line < line && /\bexport class AppModule\b/.test(block.code));
  const found = candidates.at(-1);
  if (found === undefined) throw new Error(`${page}:${line}: no block before it exports an AppModule`);
  return found;
}

/** The blocks of a page that a block imports, and those that they import. */
export function reachedFrom(block: Block, blocks: readonly Block[], found = new Set<Block>()): Set<Block> {
  if (found.has(block)) return found;
  found.add(block);
  for (const [, specifier] of block.code.matchAll(/from '\.\/([\w.-]+)'/g)) {
    const next = blocks.find(({ file }) => file.replace(/\.[tj]s$/, '') === specifier);
    if (next !== undefined) reachedFrom(next, blocks, found);
  }
  return found;
}
