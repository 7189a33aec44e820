import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { anchorsOf, readPage } from '../guide/pages';

const ROOT = join(__dirname, '../..');

const pathsUnder = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path));

const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', ...pathsUnder('docs')].filter((path) =>
  path.endsWith('.md'),
);

const textOf = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

test('the pages are found', () => {
  expect(pages).toContain('docs/seams.md');
  expect(pages).toContain(join('docs', 'decisions', 'README.md'));
});

describe.each(pages)('%s', (path) => {
  const text = textOf(path);

  test('no line is longer than 120 characters', () => {
    expect(text.split('\n').filter((line) => line.length > 120)).toEqual([]);
  });

  test('its links lead somewhere', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]*))?\)/g)];
    const broken = links.filter(([, file = '', anchor]) => {
      const target = file === '' ? path : relative(ROOT, join(ROOT, dirname(path), file));
      if (!existsSync(join(ROOT, target))) return true;
      return anchor !== undefined && !anchorsOf(readPage(target, textOf(target))).includes(anchor);
    });
    expect(broken.map(([link]) => link)).toEqual([]);
  });

  test('the files of the repository that it names exist', () => {
    const named = [...text.matchAll(/`((?:src|test|docs|samples|scripts)\/[\w./-]*\w)\/?`/g)];
    expect(named.map(([, file]) => file!).filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
  });
});

test.each(['docs/decisions', 'docs/guide'])('the index of %s leads to every page', (folder) => {
  const names = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.md') && name !== 'README.md');
  const index = textOf(join(folder, 'README.md'));
  expect(names.filter((name) => !index.includes(`(${name})`))).toEqual([]);
});
