import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ListedFile } from './messages';

/** The files of a folder, the newest first; not those whose names begin with a dot. */
export async function listFiles(folder: string): Promise<ListedFile[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isFile() && !entry.name.startsWith('.')).map(({ name }) => name);
  const files = await Promise.all(names.map((name) => describe(folder, name)));
  return files.filter((file) => file !== undefined).sort((a, b) => (a.time < b.time ? 1 : -1));
}

/** `undefined` for a file that was deleted meanwhile. */
async function describe(folder: string, name: string): Promise<ListedFile | undefined> {
  try {
    const { size, mtime } = await stat(join(folder, name));
    return { name, size, time: mtime.toISOString() };
  } catch {
    return undefined;
  }
}
