import { CloseInfo, Connection, Module, OnClose, OnMessage, WebSocketPath } from 'portal-ws';

/** Counts visitors. */
export class Greeter {
  readonly seen = new Set<string>();

  greet(id: string): void {
    this.seen.add(id);
  }

  forget(id: string): void {
    this.seen.delete(id);
  }
}

@WebSocketPath('/echo')
export class EchoController {
  constructor(private readonly greeter: Greeter) {}

  @OnMessage()
  text(message: string, connection: Connection): string {
    this.greeter.greet(connection.id);
    return `${message} from client`;
  }

  @OnMessage()
  binary(message: Uint8Array): Uint8Array {
    return message;
  }

  @OnClose()
  bye(connection: Connection, close: CloseInfo): void {
    this.greeter.forget(connection.id);
    if (!close.clean) console.warn(`echo: lost ${connection.id} (${close.code})`);
  }
}

@Module({ controllers: [EchoController], providers: [Greeter] })
export class EchoModule {}
