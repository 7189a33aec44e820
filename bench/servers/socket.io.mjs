import { createServer } from 'node:http';
import { Server } from 'socket.io';
import { choose, ready } from './control.mjs';

const http = createServer();
const server = new Server(http, {
  // no pings while it is measured
  pingInterval: 1e9,
  transports: ['websocket'],
  serveClient: false,
});

const onMessage = choose({
  'echo-text': (socket) => (text) => socket.emit('message', text),
  broadcast: () => (text) => server.emit('message', text),
});

server.on('connection', (socket) => socket.on('message', onMessage(socket)));
http.listen(0, '127.0.0.1', () => ready(http.address().port));
