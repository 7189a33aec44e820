import { connect } from 'node:net';

/** All sockets read into the same memory: what comes is counted, not kept. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);

/** What a browser sends, since servers keep or parse these headers too. */
function upgradeRequest(port, path) {
  return [
    `GET ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Connection: Upgrade',
    'Pragma: no-cache',
    'Cache-Control: no-cache',
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36',
    'Upgrade: websocket',
    `Origin: http://127.0.0.1:${port}`,
    'Sec-WebSocket-Version: 13',
    'Accept-Encoding: gzip, deflate, br, zstd',
    'Accept-Language: en-GB,en;q=0.9',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits',
    '\r\n',
  ].join('\r\n');
}

/** One raw connection to a server. It knows of WebSocket no more than the handshake. */
export class Client {
  /** Called with the number of bytes that came, which lie at the start of `buffer` during the call. */
  onBytes = (_count, _buffer) => {};
  /** Called when the connection is gone; unless it is set, that is an error. */
  onGone = () => {
    throw new Error('the server closed a connection');
  };

  constructor(socket) {
    this.socket = socket;
  }

  write(bytes) {
    this.socket.write(bytes);
  }
}

/** Resolves with a `Client` once the server has answered 101. */
export function open(port, path = '/') {
  return new Promise((resolve, reject) => {
    let head = '';
    const onread = { buffer: READ_BUFFER, callback: (count, buffer) => receive(count, buffer) };
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread }, () => {
      socket.write(upgradeRequest(port, path));
    });
    const client = new Client(socket);
    let receive = (count, buffer) => {
      head += buffer.latin1Slice(0, count);
      const end = head.indexOf('\r\n\r\n');
      if (end < 0) return;
      if (!head.startsWith('HTTP/1.1 101 ')) {
        reject(new Error(`the server refused: ${head.slice(0, head.indexOf('\r\n'))}`));
        return;
      }
      if (head.length > end + 4) throw new Error('the server spoke first');
      receive = (count, buffer) => void client.onBytes(count, buffer);
      resolve(client);
    };
    socket.on('error', reject);
    socket.on('close', () => client.onGone());
  });
}

/** Opens many, not too many at once, so that the listener's backlog holds them. */
export async function openAll(port, path, count) {
  const AT_ONCE = 100;
  const clients = [];
  while (clients.length < count) {
    const some = Math.min(AT_ONCE, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: some }, () => open(port, path)))));
  }
  return clients;
}
