import { OnMessage, OnOpen, PathParam, WebSocketPath } from '../../src';
import { emittedTypes, handlersOf, parametersOf, pathOf } from '../../src/decorators';

@WebSocketPath('/rooms/:room', { concurrency: 3 })
class Rooms {
  @OnOpen()
  open(@PathParam('room') room: string): string {
    return room;
  }

  @OnMessage()
  text(message: string): string {
    return message;
  }
}

test('what decorators record can be read without starting anything', () => {
  expect(pathOf(Rooms)).toEqual({ pattern: '/rooms/:room', options: { concurrency: 3 } });
  expect(handlersOf(Rooms)).toEqual([
    { kind: 'open', method: 'open' },
    { kind: 'message', method: 'text' },
  ]);
  expect([...parametersOf(Rooms, 'open')]).toEqual([
    [0, { from: 'handshake', name: 'room', source: expect.objectContaining({ decorator: '@PathParam' }) as object }],
  ]);
  expect(emittedTypes(Rooms, 'text')).toEqual([String]);
});

test('a subclass has what its base recorded, and keeps its own to itself', () => {
  class Special extends Rooms {
    @OnMessage()
    binary(message: Uint8Array): Uint8Array {
      return message;
    }
  }
  expect(handlersOf(Special).map(({ method }) => method)).toEqual(['open', 'text', 'binary']);
  expect(handlersOf(Rooms)).toHaveLength(2);
});

test('decorators in the way of ECMAScript are refused with what to set', () => {
  const standard = { kind: 'method', name: 'text' };
  const message = /set "experimentalDecorators": true and "emitDecoratorMetadata": true under "compilerOptions"/;
  const asStandard = (decorator: unknown): ((target: unknown, context: object) => void) => decorator as never;
  expect(() => asStandard(OnMessage())(() => {}, standard)).toThrow(message);
  expect(() => asStandard(WebSocketPath('/'))(class {}, { kind: 'class' })).toThrow(message);
});
