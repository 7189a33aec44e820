import { Module, OnMessage, WebSocketPath, bootstrap } from '../../dist/index.js';
import { choose, ready } from './control.mjs';
import { decorate } from './decorate.mjs';
import { Note } from './note.mjs';

class Echo {
  echo(data) {
    return data;
  }
}

class AppModule {}

const type = choose({ event: String, note: Note });

decorate(Echo, [WebSocketPath('/')], { echo: [[type], OnMessage('echo')] });
decorate(AppModule, [Module({ controllers: [Echo] })]);
const app = await bootstrap(AppModule, { port: 0, host: '127.0.0.1', heartbeat: false });
ready(app.port);
