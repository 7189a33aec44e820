import * as decorators from '../../src/decorators';
import { misplacedOn } from '../../src/decorators';

type Decorate = (target: object, member?: string, at?: unknown) => unknown;
type Decorator = (...given: unknown[]) => Decorate;

const all = decorators as unknown as Record<string, Decorator>;

/** How many arguments they take. */
const METHODS: [name: string, takes: number][] = [
  ['OnUpgrade', 0],
  ['OnOpen', 0],
  ['OnMessage', 1],
  ['OnSubscribe', 0],
  ['OnClose', 0],
  ['OnError', 1],
  ['OnPing', 0],
  ['OnPong', 0],
  ['OnDrain', 0],
];
const PARAMETERS: [name: string, takes: number][] = [
  ['MessageBody', 1],
  ['ConnectedSocket', 0],
  ['CurrentUser', 0],
  ['PathParam', 1],
  ['QueryParam', 1],
  ['Header', 1],
  ['Cookie', 1],
  ['Inject', 1],
];
const USES = ['UseGuards', 'UseInterceptors', 'UseFilters'];

class Chat {}

function freshClass(): new () => { say(): void } {
  return class Fresh extends Chat {
    say(): void {}
  };
}

const descriptorOf = (target: object): unknown => Object.getOwnPropertyDescriptor(target, 'say');

test.each([...METHODS.map(([name]) => name), ...USES])('@%s on a method without parentheses is noted', (name) => {
  const type = freshClass();
  all[name]!(type.prototype, 'say', descriptorOf(type.prototype as object));
  expect(misplacedOn(type)).toEqual([
    { decorator: `@${name}()`, fault: `stands on say without parentheses, and does nothing: write @${name}().` },
  ]);
});

test.each(PARAMETERS)('@%s on a parameter without parentheses is noted', (name) => {
  const type = freshClass();
  all[name]!(type.prototype, 'say', 0);
  expect(misplacedOn(type)).toMatchObject([{ decorator: `@${name}()` }]);
});

test('@Inject on a parameter of a constructor without parentheses is noted', () => {
  const type = freshClass();
  all.Inject!(type, undefined, 0);
  expect(misplacedOn(type)).toMatchObject([{ fault: expect.stringContaining('without parentheses') as string }]);
});

test.each([...METHODS, ...PARAMETERS])('@%s that is given more than it takes is noted', (name, takes) => {
  const type = freshClass();
  const given = ['a', 'b'].slice(0, takes + 1);
  const at = PARAMETERS.some(([known]) => known === name) ? 0 : descriptorOf(type.prototype as object);
  all[name]!(...given)(type.prototype as object, 'say', at);
  const most = takes === 0 ? 'no argument' : 'one argument';
  expect(misplacedOn(type)).toEqual([
    {
      decorator: `@${name}()`,
      fault: `on say takes ${most}, and is given ${takes + 1}: the rest would be lost.`,
    },
  ]);
});

test('undefined that is given is given', () => {
  const type = freshClass();
  all.OnOpen!(undefined)(type.prototype as object, 'say', descriptorOf(type.prototype as object));
  expect(misplacedOn(type)).toHaveLength(1);
});

test.each<[string, unknown[]]>([
  ['OnMessage', []],
  ['OnMessage', ['chat.join']],
  ['OnError', [Error]],
  ['UseGuards', [{ canActivate: () => true }, { canActivate: () => true }, { canActivate: () => true }]],
  ['UseFilters', [class {}, class {}, class {}]],
])('@%s with what it takes is not', (name, given) => {
  const type = freshClass();
  all[name]!(...given)(type.prototype as object, 'say', descriptorOf(type.prototype as object));
  expect(misplacedOn(type)).toEqual([]);
});
