import { Module, OnClose, OnMessage, OnOpen, OnPing, WebSocketPath, bootstrap } from '../../dist/index.js';
import { ready } from './control.mjs';
import { decorate } from './decorate.mjs';

/** A class of its own with five handlers. */
function makeController(number) {
  const controller = class {
    open() {}
    text(message) {
      return message;
    }
    binary(message) {
      return message;
    }
    ping() {}
    close() {}
  };
  Object.defineProperty(controller, 'name', { value: `Controller${number}` });
  return decorate(controller, [WebSocketPath(`/controllers/${number}/:id`)], {
    open: [[], OnOpen()],
    text: [[String], OnMessage()],
    binary: [[Uint8Array], OnMessage()],
    ping: [[], OnPing()],
    close: [[], OnClose()],
  });
}

class AppModule {}

const controllers = Array.from({ length: 200 }, (_, number) => makeController(number));
decorate(AppModule, [Module({ controllers })]);
const begin = performance.now();
const app = await bootstrap(AppModule, { port: 0, host: '127.0.0.1' });
ready(app.port, { bootMs: performance.now() - begin });
