import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const ROOT = join(__dirname, '../..');
const page = readFileSync(join(ROOT, 'docs/seams.md'), 'utf8');

/** Names that Node or a library does not document. */
const INTERNALS =
  /\b_(?:handle|writeState|registry|parent|zod|def)\b|\bget(?:MetadataStorage|OwnPropertySymbols)\(|defaultMetadataStorage|\bdisposables\b|injectionTokens|onReadableStreamEnd|emit\('(?:listening|stream)'|'secureConnection'/;

/** Files that use a documented part of what the pattern finds. */
const DOCUMENTED = ['src/copies/copies.ts', 'src/decorators/metadata.ts'];

const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => join('src', path).replaceAll('\\', '/'));

const users = sources.filter((path) => INTERNALS.test(readFileSync(join(ROOT, path), 'utf8')));

test('the seams are found', () => {
  expect(users).toEqual(expect.arrayContaining(['src/transport/raw-sockets.ts', 'src/app/registrations.ts']));
});

test('each file that uses an internal of Node or of a library is named in docs/seams.md', () => {
  const unnamed = users.filter((path) => !page.includes(`\`${path}\``) && !page.includes(`\`${basename(path)}\``));
  expect(unnamed.filter((path) => !DOCUMENTED.includes(path))).toEqual([]);
});
