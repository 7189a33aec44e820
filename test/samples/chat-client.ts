import { once } from 'node:events';
import { WebSocket } from 'ws';
import type { ClientMessage, ServerMessage } from '../../samples/chat/messages';

type ServerMessageOf<Type extends ServerMessage['type']> = ServerMessage & { type: Type };

/** A member of the chat, over a real socket. Messages wait in order until a test asks for them. */
export class ChatClient {
  private readonly received: string[] = [];
  private wake: () => void = () => {};

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer) => {
      this.received.push(data.toString());
      this.wake();
    });
    socket.on('close', () => this.wake());
  }

  /** `url`: an application's `ws://host:port`. */
  static async connect(url: string, room: string): Promise<ChatClient> {
    const client = new ChatClient(new WebSocket(`${url}/chat/${encodeURIComponent(room)}`));
    await once(client.socket, 'open');
    return client;
  }

  /** Connects and joins. */
  static async join(url: string, room: string, nickname: string): Promise<ChatClient> {
    const client = await ChatClient.connect(url, room);
    client.send({ type: 'join', nickname });
    await client.next('welcome');
    return client;
  }

  send(message: ClientMessage): void {
    this.sendRaw(JSON.stringify(message));
  }

  sendRaw(message: string): void {
    this.socket.send(message);
  }

  /** The next message, which must be of this type. */
  async next<Type extends ServerMessage['type']>(type: Type): Promise<ServerMessageOf<Type>> {
    while (this.received.length === 0) {
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`closed, while it waits for "${type}"`);
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
    const message = JSON.parse(this.received.shift()!) as ServerMessage;
    if (message.type !== type) throw new Error(`not "${type}" but ${JSON.stringify(message)}`);
    return message as ServerMessageOf<Type>;
  }

  async close(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.socket, 'close');
    this.socket.close();
    await closed;
  }
}
