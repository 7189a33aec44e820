import { z } from 'zod';
import {
  CloseInfo,
  Connection,
  Cookie,
  CurrentUser,
  Header,
  Inject,
  MessageBody,
  OnClose,
  OnMessage,
  OnOpen,
  PathParam,
  QueryParam,
  WebSocketPath,
} from '../../src';
import { describeController, type ControllerDescription } from '../../src/binding/description';

class Rooms {}

const SAY = z.object({ text: z.string() });
const LIMIT = Symbol('limit');

@WebSocketPath('/rooms/:room', { concurrency: 2 })
class ChatController {
  constructor() {
    throw new Error('a description makes no controller');
  }

  @OnOpen()
  open(
    connection: Connection,
    signal: AbortSignal,
    rooms: Rooms,
    @CurrentUser() user: unknown,
    @Inject(LIMIT) limit: number,
  ): unknown {
    return [connection, signal, rooms, user, limit];
  }

  @OnMessage('chat.say')
  say(
    @MessageBody(SAY) body: object,
    @PathParam('room') room: number,
    @QueryParam('page') page: number = 1,
    @Header('X-Size') size?: string,
    @Cookie('sid') sid?: string,
  ): unknown {
    return [body, room, page, size, sid];
  }

  @OnMessage()
  text(text: string): string {
    return text;
  }

  @OnClose()
  close(close: CloseInfo): void {
    void close;
  }
}

const described = (controller: typeof ChatController): ControllerDescription => {
  const scoped: unknown[] = [];
  const resolver = { provides: (token: unknown) => token === Rooms, scoped: (token: unknown) => scoped.push(token) };
  const description = describeController(controller, resolver);
  expect(scoped).toEqual(description.options.scope === 'connection' ? [controller] : []);
  return description;
};

test('a controller is described with its path and its handlers', () => {
  const { handlers, ...rest } = described(ChatController);
  expect(rest).toEqual({ controller: ChatController, pattern: '/rooms/:room', options: { concurrency: 2 } });
  expect(handlers.map(({ record }) => record)).toEqual([
    { kind: 'open', method: 'open' },
    { kind: 'message', method: 'say', event: 'chat.say' },
    { kind: 'message', method: 'text' },
    { kind: 'close', method: 'close' },
  ]);
});

test('each parameter has its source and its type', () => {
  const [open, say, text, close] = described(ChatController).handlers;
  expect(open!.parameters.map(({ source }) => source)).toEqual([
    { from: 'connection' },
    { from: 'signal' },
    { from: 'container', token: Rooms },
    { from: 'user' },
    { from: 'container', token: LIMIT },
  ]);
  expect(say!.parameters).toMatchObject([
    { source: { from: 'body', shape: SAY }, type: Object },
    { source: { from: 'handshake', name: 'room', source: { value: 'path parameter' } }, type: Number },
    { source: { from: 'handshake', name: 'page', source: { value: 'query parameter' } }, type: Number },
    { source: { from: 'handshake', name: 'x-size', source: { value: 'header' } }, type: String },
    { source: { from: 'handshake', name: 'sid', source: { value: 'cookie' } }, type: String },
  ]);
  expect(text!.parameters).toMatchObject([{ source: { from: 'body' }, type: String }]);
  expect(close!.parameters).toMatchObject([{ source: { from: 'body' }, type: CloseInfo }]);
});

test('a controller of which each connection has its own is announced to the container', () => {
  @WebSocketPath('/', { scope: 'connection' })
  class Own extends ChatController {
    @OnMessage('chat.say')
    override say(): unknown {
      return undefined;
    }
  }
  expect(described(Own).handlers.find(({ record }) => record.event === 'chat.say')?.parameters).toEqual([]);
});
