import { Channels, Connection, Module, OnMessage, OnOpen, WebSocketPath, bootstrap } from '../../dist/index.js';
import { choose, ready } from './control.mjs';
import { decorate } from './decorate.mjs';

const names = choose({
  publish: ['room:0'],
  'publish-100000': Array.from({ length: 100_000 }, (_, number) => `room:${number}`),
});

/** Every connection subscribes to all channels; messages go to one after the other. */
class Rooms {
  #next = 0;

  open(connection) {
    for (const name of names) void connection.subscribe(name);
  }

  publish(message) {
    channels.publish(names[this.#next++ % names.length], message);
  }
}

decorate(Rooms, [WebSocketPath('/')], {
  open: [[Connection], OnOpen()],
  publish: [[Uint8Array], OnMessage()],
});

class AppModule {}

decorate(AppModule, [Module({ controllers: [Rooms] })]);
const app = await bootstrap(AppModule, { port: 0, host: '127.0.0.1', heartbeat: false });
const channels = app.container.resolve(Channels);
ready(app.port);
