import { Module, OnMessage, WebSocketPath, bootstrap } from '../../dist/index.js';
import { fillHeap, makeControllers } from './application.mjs';
import { choose, inApplication, LIMITS, ready, scenario } from './control.mjs';
import { decorate } from './decorate.mjs';

class TextEcho {
  text(message) {
    return message;
  }
}

class BinaryEcho {
  binary(message) {
    return message;
  }
}

class AppModule {}

const controller = choose({
  echo: () => decorate(BinaryEcho, [WebSocketPath('/')], { binary: [[Uint8Array], OnMessage()] }),
  'echo-text': () => decorate(TextEcho, [WebSocketPath('/')], { text: [[String], OnMessage()] }),
  soak: () => decorate(TextEcho, [WebSocketPath('/')], { text: [[String], OnMessage()] }),
})();

const others = inApplication ? makeControllers() : [];
decorate(AppModule, [Module({ controllers: [controller, ...others] })]);
if (inApplication) fillHeap();
// the soak has all defaults; the others count every byte, and NestJS sends no pings
const app = await bootstrap(AppModule, {
  port: 0,
  host: '127.0.0.1',
  ...(scenario !== 'soak' && { heartbeat: false, limits: LIMITS }),
});
ready(app.port);
