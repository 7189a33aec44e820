import { Engine } from '../../dist/engine.js';
import { choose, compressed, LIMITS, ready } from './control.mjs';

// no pings, which ws sends none of: the load counts every byte
const engine = new Engine({
  port: 0,
  host: '127.0.0.1',
  heartbeat: false,
  compression: compressed,
  limits: LIMITS,
});

const endpoint = choose({
  echo: {
    binary: (connection, message) => void connection.send(message),
  },
  'echo-text': {
    text: (connection, message) => void connection.send(message),
  },
  broadcast: {
    binary: (connection, message) => engine.connections.broadcast(message),
  },
});

engine.add({ path: '/', ...endpoint });
await engine.listen();
ready(engine.port);
