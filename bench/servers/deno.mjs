import { choose, ready } from './control.mjs';

const onMessage = choose({
  echo: (socket) => (event) => socket.send(event.data),
  'echo-text': (socket) => (event) => socket.send(event.data),
});

const server = globalThis.Deno.serve({ port: 0, hostname: '127.0.0.1', onListen: () => {} }, (request) => {
  const { socket, response } = globalThis.Deno.upgradeWebSocket(request, { idleTimeout: 0 });
  socket.binaryType = 'arraybuffer';
  socket.onmessage = onMessage(socket);
  return response;
});

ready(server.addr.port);
