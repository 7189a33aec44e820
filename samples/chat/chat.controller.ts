import { Connection, OnClose, OnMessage, PathParam, WebSocketPath } from 'portal-ws';
import { parseClientMessage, type ServerMessage } from './messages';
import { Rooms } from './rooms';

@WebSocketPath('/chat/:room', { limits: { maxMessageBytes: 16 * 1024 } })
export class ChatController {
  constructor(private readonly rooms: Rooms) {}

  @OnMessage()
  receive(json: string, connection: Connection, @PathParam('room') room: string): ServerMessage | undefined {
    const message = parseClientMessage(json);
    switch (message.type) {
      case 'join':
        return this.rooms.join(connection, room, message);
      case 'say':
        return this.rooms.say(connection, message.text);
      case 'error':
        return message;
    }
  }

  @OnClose()
  leave(connection: Connection): void {
    this.rooms.leave(connection);
  }
}
