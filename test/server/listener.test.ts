import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import net, {
  createConnection as connect,
  createServer as createTcp,
  type NetConnectOpts,
  type Server,
} from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Listener } from '../../src/server/listener';
import { ListenError, type Exact } from '../../src/server/places';

const made: Server[] = [];
const closed = new Set<Server>();

function server() {
  const front = createServer();
  made.push(front);
  return {
    front,
    close: () => {
      closed.add(front);
      return new Promise<void>((resolve) => front.close(() => resolve()));
    },
    drain: () => {},
    terminate: () => front.closeAllConnections(),
    updateTls: () => {},
  };
}

const listeners: Listener[] = [];
const failures: Error[] = [];

function listener(): Listener {
  const each = new Listener(server, (error) => void failures.push(error));
  listeners.push(each);
  return each;
}

const at = (port: number, host = '127.0.0.1'): Exact => ({ port, host });

async function portAt(each: Listener, ...places: Exact[]): Promise<number> {
  const [port] = await each.listen(places);
  return port!;
}

async function answers(place: { port: number; host: string } | { path: string }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(place, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

let folder: string;
const file = (name: string): string => join(folder, name);

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portal-'));
});

afterEach(async () => {
  await Promise.all(listeners.splice(0).map((each) => each.close()));
  rmSync(folder, { recursive: true });
  failures.length = 0;
  // those too that never listened: their timers have run since they were made
  expect(made.splice(0).filter((each) => each.listening || !closed.has(each))).toEqual([]);
});

describe('ports', () => {
  test('localhost is both loopback addresses, on one port', async () => {
    const port = await portAt(listener(), at(0, 'localhost'));
    expect(await answers({ host: '127.0.0.1', port })).toBe(true);
    expect(await answers({ host: '::1', port })).toBe(true);
  });

  test('an address is that one alone', async () => {
    const port = await portAt(listener(), at(0, '::1'));
    expect(await answers({ host: '::1', port })).toBe(true);
    expect(await answers({ host: '127.0.0.1', port })).toBe(false);
  });

  test(':: is all addresses of both kinds', async () => {
    const port = await portAt(listener(), at(0, '::'));
    expect(await answers({ host: '::1', port })).toBe(true);
    expect(await answers({ host: '127.0.0.1', port })).toBe(true);
  });

  test.each(['127.0.0.1', '::1'])(
    'a port that is taken on %s is taken on localhost, and nothing stays open',
    async (host) => {
      const port = await portAt(listener(), at(0, host));
      const second = listener();
      await expect(second.listen([at(port, 'localhost')])).rejects.toThrow(
        `port ${port} on ${host} is already in use: ` +
          'stop the program that uses it, or set another `port` (0 takes a free one)',
      );
      expect(second.listening).toBe(false);
      expect(await answers({ host: host === '::1' ? '127.0.0.1' : '::1', port })).toBe(false);
    },
  );

  test.each([
    ['192.0.2.1', /^cannot listen on port 0 of 192\.0\.2\.1: .+/],
    ['nowhere.invalid', /^cannot listen on port 0 of nowhere\.invalid: .+/],
  ])('an address that the machine does not have is a clear error: %s', async (host, message) => {
    const refused = listener().listen([at(0, host)]);
    await expect(refused).rejects.toThrow(ListenError);
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toHaveProperty('cause.syscall');
  });

  test('a port that is none is a clear error', async () => {
    await expect(listener().listen([at(65_536)])).rejects.toThrow(/^cannot listen on port 65536 of 127\.0\.0\.1: .+/);
  });
});

describe('Unix sockets', () => {
  const LIVE = /^the socket .* is already in use: stop the program that listens there, or set another `socketPath`$/;
  const NO_SOCKET = /^the socket .* cannot be made: there is a file of that name already; set another `socketPath`$/;

  /** A socket that a process left which was killed. */
  function leaveBehind(path: string): void {
    const script = `require('net').createServer().listen(process.argv[1], () => process.kill(process.pid, 'SIGKILL'))`;
    expect(() => execFileSync(process.execPath, ['-e', script, path])).toThrow();
    expect(lstatSync(path).isSocket()).toBe(true);
  }

  test('have no port, and their file goes with them', async () => {
    const [each, socketPath] = [listener(), file('a.sock')];
    expect(await each.listen([{ socketPath }])).toEqual([undefined]);
    expect(await answers({ path: socketPath })).toBe(true);
    await each.close();
    expect(existsSync(socketPath)).toBe(false);
  });

  test('one that a killed process left is replaced', async () => {
    const socketPath = file('a.sock');
    leaveBehind(socketPath);
    await listener().listen([{ socketPath }]);
    expect(await answers({ path: socketPath })).toBe(true);
  });

  test('one at which somebody listens is left alone', async () => {
    const socketPath = file('a.sock');
    const other = createTcp().listen(socketPath);
    await once(other, 'listening');
    await expect(listener().listen([{ socketPath }])).rejects.toThrow(LIVE);
    expect(await answers({ path: socketPath })).toBe(true);
    other.close();
    await once(other, 'close');
  });

  test('one that somebody put there while we looked is left alone', async () => {
    const socketPath = file('a.sock');
    leaveBehind(socketPath);
    const other = createTcp().listen(file('b.sock'));
    await once(other, 'listening');
    const looking = jest.spyOn(net, 'connect').mockImplementationOnce((place: unknown) => {
      const socket = connect(place as NetConnectOpts);
      return socket.on('error', () => renameSync(file('b.sock'), socketPath));
    });
    await expect(listener().listen([{ socketPath }])).rejects.toThrow(LIVE);
    looking.mockRestore();
    expect(await answers({ path: socketPath })).toBe(true);
    other.close();
    await once(other, 'close');
  });

  test('one of our own is left alone too', async () => {
    const socketPath = file('a.sock');
    const each = listener();
    await each.listen([{ socketPath }]);
    await expect(each.listen([{ socketPath }])).rejects.toThrow(LIVE);
    expect(await answers({ path: socketPath })).toBe(true);
  });

  test('a file that is no socket is left alone', async () => {
    const socketPath = file('precious.txt');
    writeFileSync(socketPath, 'words');
    const refused = listener().listen([{ socketPath }]);
    await expect(refused).rejects.toThrow(ListenError);
    await expect(refused).rejects.toThrow(NO_SOCKET);
    await expect(refused).rejects.toHaveProperty('cause.code', 'EADDRINUSE');
    expect(readFileSync(socketPath, 'utf8')).toBe('words');
  });

  test('a directory is left alone', async () => {
    await expect(listener().listen([{ socketPath: folder }])).rejects.toThrow(NO_SOCKET);
    expect(lstatSync(folder).isDirectory()).toBe(true);
  });

  test('a link is left alone, wherever it leads', async () => {
    leaveBehind(file('a.sock'));
    symlinkSync(file('a.sock'), file('link'));
    await expect(listener().listen([{ socketPath: file('link') }])).rejects.toThrow(NO_SOCKET);
    expect(lstatSync(file('link')).isSymbolicLink()).toBe(true);
    expect(lstatSync(file('a.sock')).isSocket()).toBe(true);
  });

  test.each(['a.sock', 'b.sock'])('what cannot be made is a clear error: no/%s', async (name) => {
    await expect(listener().listen([{ socketPath: file(`no/${name}`) }])).rejects.toThrow(
      `the socket ${file(`no/${name}`)} cannot be made: its directory is missing, or this process may not write there`,
    );
  });

  test('a path that is too long is a clear error, and not another path', async () => {
    // as much as the BSDs take; Linux takes four bytes more
    const longest = file('x'.repeat(103 - file('x').length + 1));
    await listener().listen([{ socketPath: longest }]);
    expect(existsSync(longest)).toBe(true);
    await expect(listener().listen([{ socketPath: `${longest}ééé` }])).rejects.toThrow(
      /^the path of the socket \S+ has 109 bytes, and there is room for 10[73]$/,
    );
    expect(readdirSync(folder)).toHaveLength(1);
  });
});

describe('several places', () => {
  test('at once', async () => {
    const each = listener();
    const socketPath = file('a.sock');
    const [first, none, second] = await each.listen([at(0), { socketPath }, at(0, '::1')]);
    expect(none).toBeUndefined();
    expect(await answers({ host: '127.0.0.1', port: first! })).toBe(true);
    expect(await answers({ path: socketPath })).toBe(true);
    expect(await answers({ host: '::1', port: second! })).toBe(true);
    expect(each.open).toHaveLength(3);
  });

  test('one after the other, and closed together', async () => {
    const each = listener();
    const ports = [await portAt(each, at(0)), await portAt(each, at(0))];
    await each.close();
    for (const port of ports) expect(await answers({ host: '127.0.0.1', port })).toBe(false);
    expect(each.listening).toBe(false);
  });

  test('all of them or none: what was opened before one that cannot be had is closed again', async () => {
    const taken = await portAt(listener(), at(0));
    const each = listener();
    const socketPath = file('a.sock');
    await expect(each.listen([at(0), { socketPath }, at(taken)])).rejects.toThrow(ListenError);
    expect(each.listening).toBe(false);
    expect(existsSync(socketPath)).toBe(false);
  });

  test('one that cannot be had leaves those alone that were there', async () => {
    const each = listener();
    const port = await portAt(each, at(0));
    await expect(each.listen([at(port)])).rejects.toThrow(ListenError);
    expect(await answers({ host: '127.0.0.1', port })).toBe(true);
  });
});

describe('closing', () => {
  test('after it, it can listen again at the same place', async () => {
    const each = listener();
    const port = await portAt(each, at(0, 'localhost'));
    expect(each.listening).toBe(true);
    await each.close();
    expect(each.listening).toBe(false);
    expect(await portAt(each, at(port, 'localhost'))).toBe(port);
  });

  test('while it is about to listen, it does not come to that', async () => {
    const each = listener();
    const listening = each.listen([at(0, 'localhost'), { socketPath: file('a.sock') }]);
    const refused = expect(listening).rejects.toThrow('the server was closed before it listened');
    await each.close();
    expect(each.listening).toBe(false);
    expect(existsSync(file('a.sock'))).toBe(false);
    await refused;
  });

  test('terminate cuts connections that wait for a request', async () => {
    const each = listener();
    const port = await portAt(each, at(0));
    const socket = connect({ host: '127.0.0.1', port });
    socket.on('error', () => {});
    await new Promise<void>((resolve) => socket.write('GET / HT', () => resolve()));
    const closed = each.close();
    while (!socket.destroyed) {
      each.terminate();
      await new Promise(setImmediate);
    }
    await closed;
  });
});

test('a server that fails to take a connection is reported, and goes on', async () => {
  const each = listener();
  const port = await portAt(each, at(0));
  const error = new Error('accept EMFILE');
  each.open[0]!.front.emit('error', error);
  expect(failures).toEqual([error]);
  expect(await answers({ host: '127.0.0.1', port })).toBe(true);
});
