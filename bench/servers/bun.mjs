import { choose, compressed, MAX_MESSAGE_BYTES, ready } from './control.mjs';

const TOPIC = 'all';

const message = choose({
  echo: (socket, bytes) => void socket.send(bytes),
  'echo-text': (socket, text) => void socket.send(text, compressed),
  broadcast: (socket, bytes) => void server.publish(TOPIC, bytes),
});

const server = globalThis.Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  fetch: (request, server) => (server.upgrade(request) ? undefined : new Response('WebSocket only', { status: 426 })),
  websocket: {
    idleTimeout: 0,
    perMessageDeflate: compressed,
    maxPayloadLength: MAX_MESSAGE_BYTES,
    backpressureLimit: MAX_MESSAGE_BYTES,
    open: (socket) => socket.subscribe(TOPIC),
    message,
  },
});

ready(server.port);
