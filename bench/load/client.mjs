import { connect } from 'node:net';
import { countBytes } from './meters.mjs';

/** All sockets read into the same memory: bytes are counted, not kept. */
const READ_BUFFER = Buffer.allocUnsafeSlow(256 * 1024);

/** The headers of a browser, since servers keep or parse them too. */
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

/** One raw connection to a server. Of WebSocket it knows only the handshake. */
export class Client {
  /** Called with the count of `meter` for each read. */
  onReply = (_units) => {};
  /** Called when the connection is gone; unless it is set, that is an error. */
  onGone = () => {
    throw new Error('the server closed a connection');
  };
  /** Given the number of bytes that came, and the buffer that begins with them until it returns. */
  meter = countBytes;

  constructor(socket) {
    this.socket = socket;
  }

  write(bytes) {
    this.socket.write(bytes);
  }
}

/** Resolves with a `Client` once the server has answered 101, and the greetings of its dialect are exchanged. */
export function open(port, dialect) {
  return new Promise((resolve, reject) => {
    const onread = { buffer: READ_BUFFER, callback: (count, buffer) => receive(count, buffer) };
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, onread }, () => {
      socket.write(upgradeRequest(port, dialect.path));
    });
    const client = new Client(socket);
    const greet = greeter(client, dialect.greetings);
    let receive = (count, buffer) => {
      try {
        if (!greet(buffer.latin1Slice(0, count))) return;
      } catch (error) {
        reject(error);
        return;
      }
      receive = (count, buffer) => void client.onReply(client.meter(count, buffer));
      resolve(client);
    };
    socket.on('error', reject);
    socket.on('close', () => client.onGone());
  });
}

/** Takes the first bytes, as text. Returns true when all greetings were exchanged. */
function greeter(client, greetings) {
  let head = '';
  let speech = '';
  let turn = -1;
  return (some) => {
    if (turn < 0) {
      head += some;
      const end = head.indexOf('\r\n\r\n') + 4;
      if (end < 4) return false;
      if (!head.startsWith('HTTP/1.1 101 ')) {
        throw new Error(`the server refused: ${head.slice(0, head.indexOf('\r\n'))}`);
      }
      some = head.slice(end);
      turn = 0;
    }
    speech += some;
    if (turn < greetings.length && greetings[turn].ends.test(speech)) {
      const { answer } = greetings[turn++];
      if (answer !== undefined) client.write(answer);
      speech = '';
    }
    if (turn < greetings.length) return false;
    if (speech !== '') throw new Error('the server spoke first');
    return true;
  };
}

/** Opens many, not too many at once, so that the listener's backlog holds them. */
export async function openAll(port, dialect, count) {
  const AT_ONCE = 100;
  const clients = [];
  while (clients.length < count) {
    const some = Math.min(AT_ONCE, count - clients.length);
    clients.push(...(await Promise.all(Array.from({ length: some }, () => open(port, dialect)))));
  }
  return clients;
}
