import { createServer } from 'node:http';
import { connect } from 'node:net';
import { Listener, ListenError } from '../../src/engine/listener';

function server() {
  const front = createServer();
  return {
    front,
    close: () => new Promise<void>((resolve) => front.close(() => resolve())),
    drain: () => {},
    terminate: () => front.closeAllConnections(),
    updateTls: () => {},
  };
}

const listeners: Listener[] = [];
function listener(): Listener {
  const made = new Listener(server);
  listeners.push(made);
  return made;
}

afterEach(() => Promise.all(listeners.splice(0).map((each) => each.close())));

test('localhost is both loopback addresses, on one port', async () => {
  const port = (await listener().listen(0, 'localhost'))!;
  for (const host of ['127.0.0.1', '::1']) {
    await new Promise<void>((resolve, reject) => {
      const socket = connect({ host, port }, () => {
        socket.destroy();
        resolve();
      }).on('error', reject);
    });
  }
});

test('a port that is taken on one of the addresses is taken', async () => {
  const port = (await listener().listen(0, '::1'))!;
  const second = listener();
  await expect(second.listen(port, 'localhost')).rejects.toThrow(ListenError);
  expect(second.listening).toBe(false);
});

test('an address that the machine does not have is a clear error', async () => {
  await expect(listener().listen(0, '192.0.2.1')).rejects.toThrow(/^cannot listen on port 0 of 192\.0\.2\.1: .+/);
});

test('after close it can listen again', async () => {
  const each = listener();
  const port = (await each.listen(0, 'localhost'))!;
  expect(each.listening).toBe(true);
  await each.close();
  expect(each.listening).toBe(false);
  expect(await each.listen(port, 'localhost')).toBe(port);
});

test('terminate cuts connections that wait for a request', async () => {
  const each = listener();
  const port = (await each.listen(0, '127.0.0.1'))!;
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
