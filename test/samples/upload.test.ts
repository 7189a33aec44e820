import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WebSocket } from 'ws';
import { numberedFileName, safeFileName } from '../../samples/upload/file-names';
import type { Listing, ServerMessage } from '../../samples/upload/messages';
import { SamplesProcess } from './running-samples';

const MAX_FILE_BYTES = 1_000_000;
const CAPACITY_BYTES = 2_000_000;

/** A client of the `ws` library that keeps the server's messages. */
class Uploader {
  readonly said: ServerMessage[] = [];
  readonly closed: Promise<number>;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => this.said.push(JSON.parse(data.toString()) as ServerMessage));
    this.closed = once(socket, 'close').then(([code]) => code as number);
  }

  /** Sends a part of the file, which is one message. */
  send(bytes: Uint8Array, last: boolean): void {
    this.socket.send(bytes, { binary: true, fin: last });
  }

  async untilSaid<Type extends ServerMessage['type']>(type: Type): Promise<ServerMessage & { type: Type }> {
    for (;;) {
      const found = this.said.find((message) => message.type === type);
      if (found !== undefined) return found as ServerMessage & { type: Type };
      await Promise.race([once(this.socket, 'message'), this.closed.then(Promise.reject.bind(Promise))]);
    }
  }

  async end(): Promise<void> {
    this.socket.close(1000);
    await this.closed;
  }
}

describe('the upload sample', () => {
  const folder = mkdtempSync(join(tmpdir(), 'portal-uploads-'));
  const unfinishedFolder = join(folder, '.unfinished');
  let samples: SamplesProcess;
  let origin: string;
  let page: string;
  let uploaders: Uploader[];

  beforeAll(async () => {
    mkdirSync(unfinishedFolder);
    writeFileSync(join(unfinishedFolder, 'of-a-killed-server'), 'x');
    process.env.UPLOAD_FOLDER = folder;
    process.env.UPLOAD_MAX_FILE_BYTES = String(MAX_FILE_BYTES);
    process.env.UPLOAD_CAPACITY_BYTES = String(CAPACITY_BYTES);
    samples = new SamplesProcess();
    const { echo, page: chat } = await samples.start();
    origin = new URL(echo).origin;
    page = `${chat}uploads/`;
  });

  afterAll(() => {
    samples.remove();
    rmSync(folder, { recursive: true });
  });

  beforeEach(() => {
    uploaders = [];
  });

  afterEach(async () => {
    for (const { socket } of uploaders) socket.terminate();
    await untilNothingIsUnfinished();
    for (const name of finished()) rmSync(join(folder, name));
  });

  async function untilNothingIsUnfinished(): Promise<void> {
    while (unfinished().length > 0) await turn();
  }

  async function untilUnfinishedHas(size: number): Promise<void> {
    const bytes = (): number =>
      unfinished().reduce((sum, name) => sum + statSync(join(unfinishedFolder, name)).size, 0);
    while (bytes() < size) await turn();
  }

  async function connect(name: string): Promise<Uploader> {
    const uploader = new Uploader(new WebSocket(`${origin}/upload/${encodeURIComponent(name)}`));
    uploaders.push(uploader);
    await once(uploader.socket, 'open');
    return uploader;
  }

  /** Sends a whole file, and resolves with the name it got. */
  async function upload(name: string, content: Uint8Array): Promise<string> {
    const uploader = await connect(name);
    uploader.send(content, true);
    const done = await uploader.untilSaid('done');
    await uploader.end();
    return done.name;
  }

  const finished = (): string[] =>
    readdirSync(folder)
      .filter((name) => name !== '.unfinished')
      .sort();
  const unfinished = (): string[] => readdirSync(unfinishedFolder);
  const turn = (): Promise<void> => new Promise(setImmediate);

  describe('a file that arrives', () => {
    test('in fragments: progress is reported, the digest is right, and it can be downloaded', async () => {
      const content = randomBytes(900_000);
      const uploader = await connect('Größe & mehr #1, 50%.bin');
      for (let at = 0; at < content.length; at += 90_000) {
        uploader.send(content.subarray(at, at + 90_000), at + 90_000 === content.length);
        if (at === 0) await uploader.untilSaid('progress');
      }
      const sha256 = createHash('sha256').update(content).digest('hex');
      expect(await uploader.untilSaid('done')).toEqual({
        type: 'done',
        name: 'Größe & mehr #1, 50%.bin',
        size: content.length,
        sha256,
      });
      const progress = uploader.said.flatMap((message) => (message.type === 'progress' ? [message.received] : []));
      expect(progress[0]).toBeGreaterThan(0);
      expect(progress).toEqual([...progress].sort((a, b) => a - b));
      await uploader.end();

      expect(readFileSync(join(folder, 'Größe & mehr #1, 50%.bin')).equals(content)).toBe(true);
      expect(unfinished()).toEqual([]);
      const listing = (await (await fetch(`${page}files`)).json()) as Listing;
      expect(listing.maxBytes).toBe(MAX_FILE_BYTES);
      expect(listing.files).toEqual([
        {
          name: 'Größe & mehr #1, 50%.bin',
          size: content.length,
          time: expect.stringMatching(/^\d{4}-.*Z$/) as string,
        },
      ]);
      const download = await fetch(`${page}files/${encodeURIComponent('Größe & mehr #1, 50%.bin')}`);
      expect(content.equals(Buffer.from(await download.arrayBuffer()))).toBe(true);
      expect(download.headers.get('content-disposition')).toBe('attachment');
      expect(download.headers.get('content-type')).toBe('application/octet-stream');
      expect(download.headers.get('x-content-type-options')).toBe('nosniff');
    });

    test('may be empty, and as large as is allowed', async () => {
      expect(await upload('empty', Buffer.alloc(0))).toBe('empty');
      expect(await upload('largest', Buffer.alloc(MAX_FILE_BYTES))).toBe('largest');
      expect(readFileSync(join(folder, 'empty'))).toHaveLength(0);
      expect(readFileSync(join(folder, 'largest'))).toHaveLength(MAX_FILE_BYTES);
    });

    test('never replaces another one', async () => {
      const names = await Promise.all(['a', 'b', 'c'].map((text) => upload('note.tar.gz', Buffer.from(text))));
      expect(names.sort()).toEqual(['note.tar (2).gz', 'note.tar (3).gz', 'note.tar.gz']);
      expect(names.map((name) => readFileSync(join(folder, name), 'utf8')).sort()).toEqual(['a', 'b', 'c']);
    });

    test.each(['../../outside.txt', '..\\outside.txt', '/etc/outside.txt', '.outside.txt'])(
      'stays in its folder: %s',
      async (name) => {
        expect(await upload(name, Buffer.from('x'))).toBe('outside.txt');
        expect(finished()).toEqual(['outside.txt']);
      },
    );
  });

  describe('a file that does not arrive leaves nothing behind:', () => {
    test.each<[string, (uploader: Uploader) => void]>([
      ['the connection is lost', ({ socket }) => socket.terminate()],
      ['the client closes in mid-message', ({ socket }) => socket.close(1000)],
    ])('%s', async (_, breakOff) => {
      const uploader = await connect('broken.bin');
      uploader.send(randomBytes(100_000), false);
      await untilUnfinishedHas(100_000);
      expect(unfinished()).toHaveLength(1);
      expect(unfinished()).not.toContain('of-a-killed-server');
      breakOff(uploader);
      await untilNothingIsUnfinished();
      expect(finished()).toEqual([]);
      expect(await upload('broken.bin', Buffer.from('whole'))).toBe('broken.bin');
    });

    test.each([
      ['one frame', [MAX_FILE_BYTES + 1]],
      ['fragments', [MAX_FILE_BYTES, 1]],
    ])('it is too big, in %s: 1009', async (_, parts) => {
      const uploader = await connect('big.bin');
      for (const part of parts) uploader.send(Buffer.alloc(part), false);
      expect(await uploader.closed).toBe(1009);
      await untilNothingIsUnfinished();
      expect(finished()).toEqual([]);
    });

    test('there is no room for it, with what others send at the time', async () => {
      await upload('first', Buffer.alloc(MAX_FILE_BYTES));
      const other = await connect('other');
      other.send(Buffer.alloc(500_000), false);
      await untilUnfinishedHas(500_000);
      const late = await connect('late');
      late.send(Buffer.alloc(MAX_FILE_BYTES), true);
      expect((await late.untilSaid('error')).code).toBe('full');
      expect(await late.closed).toBe(1013);

      other.send(Buffer.alloc(100_000), true);
      await other.untilSaid('done');
      expect(finished()).toEqual(['first', 'other']);
      rmSync(join(folder, 'first'));
      expect(await upload('late', Buffer.alloc(MAX_FILE_BYTES))).toBe('late');
    });

    test('it is text', async () => {
      const uploader = await connect('text.txt');
      uploader.socket.send('text');
      expect(await uploader.closed).toBe(1003);
      expect(finished()).toEqual([]);
    });
  });

  test('the page is served beside the chat, and nothing but the page and the files', async () => {
    const html = await fetch(page.slice(0, -1));
    expect(html.url).toBe(page);
    expect(await html.text()).toContain('Portal upload');
    expect(html.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(await (await fetch(new URL('/', page))).text()).toContain('Portal chat');
    writeFileSync(join(unfinishedFolder, 'part'), 'x');
    const outside = [
      'nowhere',
      'files/nowhere',
      'files/.unfinished/part',
      'files/..%2f..%2fetc%2fpasswd',
      'files/%2e%2e%2f',
    ];
    for (const path of outside) {
      const { status } = await fetch(page + path);
      expect(`${path}: ${status}`).toMatch(/: 40\d$/);
    }
    rmSync(join(unfinishedFolder, 'part'));
  });
});

test.each([
  ['photo.jpg', 'photo.jpg'],
  ['  Grüße\t an \u00a0 alle .txt. ', 'Grüße an alle .txt'],
  ['e\u0301.txt', 'é.txt'],
  ['a\u0000b\u202ec\u200d.txt', 'abc.txt'],
  ['a<b>c:d"e|f?g*.txt', 'a_b_c_d_e_f_g_.txt'],
  ['CON', '_CON'],
  ['nul.txt', '_nul.txt'],
  ['console.log', 'console.log'],
  ['...', 'upload'],
  ['', 'upload'],
  ['folder/', 'upload'],
  ['\ud800', 'upload'],
  [`${'ä'.repeat(300)}.jpeg`, `${'ä'.repeat(97)}.jpeg`],
  ['x'.repeat(300), 'x'.repeat(200)],
])('the file name %j becomes %j', (name, safe) => {
  expect(safeFileName(name)).toBe(safe);
  expect(safeFileName(safe)).toBe(safe);
});

test('a number goes before the extension', () => {
  expect(numberedFileName('photo.jpg', 2)).toBe('photo (2).jpg');
  expect(numberedFileName('README', 3)).toBe('README (3)');
  expect(numberedFileName(`v1.${'x'.repeat(20)}`, 2)).toBe(`v1.${'x'.repeat(20)} (2)`);
});
