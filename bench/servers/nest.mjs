import 'reflect-metadata';
import { Module, ValidationPipe } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { WsAdapter } from '@nestjs/platform-ws';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { choose, ready } from './control.mjs';
import { decorate } from './decorate.mjs';
import { Note } from './note.mjs';

class Gateway {
  echo(data) {
    return { event: 'echo', data };
  }
}

class AppModule {}

const messageBody = (prototype, name) => MessageBody()(prototype, name, 0);
const { type, pipes } = choose({
  event: { type: String, pipes: [] },
  note: { type: Note, pipes: [new ValidationPipe({ transform: true })] },
});

decorate(Gateway, [WebSocketGateway()], { echo: [[type], messageBody, SubscribeMessage('echo')] });
decorate(AppModule, [Module({ providers: [Gateway] })]);
const app = await NestFactory.create(AppModule, { logger: false });
app.useWebSocketAdapter(new WsAdapter(app));
app.useGlobalPipes(...pipes);
await app.listen(0, '127.0.0.1');
ready(app.getHttpServer().address().port);
