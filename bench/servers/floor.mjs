// The cost of the sockets alone: Portal's reads and writes, with a parser of ten lines and no rule of the protocol.
import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { RawSockets } from '../../dist/transport/raw-sockets.js';
import { choose, ready } from './control.mjs';

const GUID = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';
const sockets = new RawSockets();
const writers = new Set();
const out = Buffer.alloc(64 * 1024);

/** Answers short frames only: the length of each is in its second byte. Returns how much of `out` is used. */
function answer(bytes, length) {
  let used = 0;
  for (let at = 0; at + 6 <= length;) {
    const payload = bytes[at + 1] & 0x7f;
    out[used++] = 0x82;
    out[used++] = payload;
    for (let i = 0; i < payload; i++) out[used++] = bytes[at + 6 + i] ^ bytes[at + 2 + (i & 3)];
    at += 6 + payload;
  }
  return used;
}

const send = choose({
  echo: (writer, bytes) => writer.write(bytes),
  broadcast: (writer, bytes) => writers.forEach((each) => each.write(bytes)),
});

const server = createServer();
server.on('upgrade', (request, socket) => {
  const accept = createHash('sha1')
    .update(request.headers['sec-websocket-key'] + GUID)
    .digest('base64');
  const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}`;
  socket.on('error', () => {});
  socket.setNoDelay(true);
  socket.write(`${head}\r\n\r\n`, () => {
    const onBytes = (bytes, length) => send(writer, out.subarray(0, answer(bytes, length)));
    sockets.adopt(socket, { onBytes });
    const writer = sockets.writerFor(socket, { onWritten: (failed) => failed && socket.destroy() });
    writers.add(writer);
    socket.on('close', () => writers.delete(writer));
  });
});
server.listen(0, '127.0.0.1', () => ready(server.address().port));
