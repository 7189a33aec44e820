import { misplacedOn, OnMessage, UseGuards, WebSocketPath } from '../../src/decorators';
import { standsOnClass, standsOnMethod, standsOnParameter } from '../../src/decorators/misplaced';

class Chat {
  say(): void {}
}

test('what stands right is not noted', () => {
  expect(standsOnMethod('@A()', Chat.prototype, 'say')).toBe(true);
  expect(standsOnParameter('@A()', Chat.prototype, 'say', 0)).toBe(true);
  expect(standsOnClass('@A()', Chat, undefined)).toBe(true);
  expect(misplacedOn(Chat)).toEqual([]);
});

test('what stands wrong is noted, for the class and those that extend it', () => {
  class Wrong {
    static shout(): void {}
  }
  class Worse extends Wrong {}
  const [onMessage, onClass, guards] = [OnMessage(), WebSocketPath('/'), UseGuards()] as unknown as Record<
    number,
    (...on: unknown[]) => void
  >[];
  for (const decorator of [onMessage, onClass, guards])
    (decorator as unknown as (...on: unknown[]) => void)(Wrong, 'shout');
  expect(misplacedOn(Worse).map(({ decorator }) => decorator)).toEqual([
    '@OnMessage()',
    '@WebSocketPath()',
    '@UseGuards()',
  ]);
  expect(misplacedOn(Chat)).toEqual([]);
});
