import { Module, OnMessage, WebSocketPath, bootstrap } from '../../dist/index.js';
import { choose, ready, scenario } from './control.mjs';
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

decorate(AppModule, [Module({ controllers: [controller] })]);
// the soak has all defaults; the others count every byte, and NestJS sends no pings
const app = await bootstrap(AppModule, {
  port: 0,
  host: '127.0.0.1',
  ...(scenario !== 'soak' && { heartbeat: false }),
});
ready(app.port);
