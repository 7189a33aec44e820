import { WebSocketServer } from 'ws';
import { choose, compressed, MAX_MESSAGE_BYTES, ready } from './control.mjs';

const server = new WebSocketServer({
  port: 0,
  host: '127.0.0.1',
  perMessageDeflate: compressed,
  maxPayload: MAX_MESSAGE_BYTES,
});

const onMessage = choose({
  echo: (socket) => (message, isBinary) => socket.send(message, { binary: isBinary }),
  'echo-text': (socket) => (message) => socket.send(message.toString()),
  broadcast: () => broadcast,
  publish: () => broadcast,
});

function broadcast(message, isBinary) {
  for (const client of server.clients) client.send(message, { binary: isBinary });
}

server.on('connection', (socket) => socket.on('message', onMessage(socket)));
server.on('listening', () => ready(server.address().port));
