import { Header, OnClose, OnMessage, OnOpen, PathParam, QueryParam, WebSocketPath } from '../../src';
import { createTestApp, type TestApp, type UpgradeRefusedError } from '../../src/testing';
import { MemoryLogger, moduleOf } from '../support/app';

enum Level {
  Low = 1,
  High,
}

@WebSocketPath('/rooms/:room')
class Rooms {
  @OnOpen()
  open(
    @PathParam('room') room: number,
    @QueryParam('page') page?: number,
    @QueryParam('all') all?: boolean,
    @QueryParam('level') level?: Level,
    @QueryParam('name') name?: string,
    @Header('X-Size') size?: number,
    @Header('X-Debug') debug?: boolean,
  ): unknown {
    return { room, page, all, level, name, size, debug };
  }
}

@WebSocketPath('/defaults')
class Defaults {
  @OnOpen()
  open(@QueryParam('page') page: number = 1): unknown {
    return [page];
  }
}

@WebSocketPath('/later')
class Later {
  @OnMessage('page')
  page(@QueryParam('page') page: number): number {
    return page;
  }

  @OnClose()
  close(@Header('X-Size') size: number): void {
    closed.push(size);
  }
}

const closed: unknown[] = [];

let app: TestApp;
let log: MemoryLogger;

beforeEach(async () => {
  log = new MemoryLogger();
  app = await createTestApp(moduleOf([Rooms, Defaults, Later]), { logger: log });
});

afterEach(async () => {
  await app.close();
  expect(log.lines.filter((line) => !line.startsWith('info handshake refused: '))).toEqual([]);
});

async function opened(path: string, headers: Record<string, string> = {}): Promise<unknown> {
  const client = await app.connect(path, { headers });
  return JSON.parse((await client.receive()) as string);
}

async function refused(path: string, headers: Record<string, string> = {}): Promise<[number, string]> {
  const error = await app.connect(path, { headers }).then(
    () => fail(path),
    (reason: unknown) => reason as UpgradeRefusedError,
  );
  return [error.status, error.body];
}

function fail(path: string): never {
  throw new Error(`${path} was accepted`);
}

test.each<[string, Record<string, string>, object]>([
  ['/rooms/7', {}, { room: 7 }],
  ['/rooms/-0.5?page=1e3', {}, { room: -0.5, page: 1000 }],
  ['/rooms/7?all=true', {}, { room: 7, all: true }],
  ['/rooms/7?all=0&page=0', {}, { room: 7, all: false, page: 0 }],
  ['/rooms/7?level=2&name=', {}, { room: 7, level: Level.High, name: '' }],
  ['/rooms/7?name=%20a%26b+c', {}, { room: 7, name: ' a&b c' }],
  ['/rooms/7?page=2&page=x', {}, { room: 7, page: 2 }],
  ['/rooms/7', { 'x-size': '12', 'x-debug': 'false' }, { room: 7, size: 12, debug: false }],
  ['/rooms/7?unknown=x', {}, { room: 7 }],
  ['/defaults', {}, [1]],
  ['/defaults?page=3', {}, [3]],
])('values of %s %j become what is declared', async (path, headers, expected) => {
  expect(await opened(path, headers)).toEqual(expected);
});

const NO_NUMBERS = [
  '',
  '%20',
  '%201',
  '1%20',
  '+1',
  '%2B1',
  '1%00',
  '0x10',
  'NaN',
  'Infinity',
  '-Infinity',
  '1e999',
  '1,000',
  'true',
];

test.each(NO_NUMBERS)('?page=%s is refused with 400', async (text) => {
  expect(await refused(`/rooms/7?page=${text}`)).toEqual([400, 'The query parameter page must be a number.']);
});

test.each(NO_NUMBERS.filter((text) => text !== '' && text !== '1%00'))(
  '/rooms/%s is refused with 400',
  async (text) => {
    expect(await refused(`/rooms/${text}`)).toEqual([400, 'The path parameter room must be a number.']);
  },
);

test.each(['', '%20true', 'TRUE', 'yes', '2', 'null', '0.0'])('?all=%s is refused with 400', async (text) => {
  expect(await refused(`/rooms/7?all=${text}`)).toEqual([400, 'The query parameter all must be a boolean.']);
});

test.each<[Record<string, string>, string]>([
  [{ 'x-size': '' }, 'The header x-size must be a number.'],
  [{ 'x-size': '0x10' }, 'The header x-size must be a number.'],
  [{ 'x-size': '1, 2' }, 'The header x-size must be a number.'],
  [{ 'x-debug': 'on' }, 'The header x-debug must be a boolean.'],
])('headers %j are refused with 400', async (headers, message) => {
  expect(await refused('/rooms/7', headers)).toEqual([400, message]);
});

test('what any handler of the controller needs is checked when the client connects', async () => {
  expect(await refused('/later?page=x')).toEqual([400, 'The query parameter page must be a number.']);
  expect(await refused('/later?page=1', { 'x-size': 'x' })).toEqual([400, 'The header x-size must be a number.']);
  const client = await app.connect('/later?page=5', { headers: { 'x-size': '6' } });
  expect(await client.request('page')).toBe(5);
  await client.close();
  expect(closed).toEqual([6]);
});

test('a peer is not told its own value', async () => {
  const [, body] = await refused('/rooms/7?page=<script>');
  expect(body).not.toContain('script');
});
