import { BootError, Inject, injectable } from '../../src';
import { delay, inject, injectAll, type InjectionToken } from 'tsyringe';
import { constructorTokens, inOrder, type Making } from '../../src/app/dependencies';

class Database {}
class Mailer {}

describe('the tokens that a class is made with', () => {
  test('are its types, or what is said explicitly', () => {
    @injectable()
    class Service {
      constructor(
        readonly database: Database,
        @Inject('name') readonly name: string,
        @inject(Mailer) readonly mailer: unknown,
        @injectAll('plugin') readonly plugins: unknown[],
      ) {}
    }
    expect(constructorTokens(Service)).toEqual([Database, 'name', Mailer, 'plugin']);
    expect(constructorTokens(Database)).toEqual([]);
  });

  test('are known without emitted types where all of them are said', () => {
    class Service {
      constructor(readonly name: string) {}
    }
    inject('name')(Service, undefined, 0);
    expect(constructorTokens(Service)).toEqual(['name']);
  });

  test.each<[string, unknown[] | undefined, string]>([
    [
      'a type that is not known',
      undefined,
      'its type is not known. Decorate Service with @injectable() from portal-ws, with "emitDecoratorMetadata": true ' +
        'in tsconfig.json; or bind the parameter with @Inject(token).',
    ],
    [
      'a type that is undefined',
      [Database, undefined],
      'its type is undefined; two files that import each other are the usual cause.',
    ],
    ['a Number', [Database, Number], 'its type came out as Number, which names no provider. Use @Inject(token).'],
    ['an Array', [Database, Array], 'its type came out as Array, which names no provider. Use @Inject(token).'],
  ])('are refused: %s', (_what, types, why) => {
    class Service {
      constructor(
        readonly database: Database,
        readonly second: unknown,
      ) {}
    }
    inject(Database)(Service, undefined, 0);
    if (types !== undefined) Reflect.defineMetadata('design:paramtypes', types, Service);
    expect(() => constructorTokens(Service)).toThrow(new BootError(`Service, constructor parameter 2: ${why}`));
  });
});

describe('the order', () => {
  /** Makes each token by way of others; a text in the place of those says why it may not be had. */
  const order = (needs: Record<string, string | undefined>, tokens: InjectionToken[], wanted?: string) =>
    inOrder(
      tokens,
      (token): Making | string | undefined => {
        const need = needs[token as string];
        if (need === undefined) return token === 'ready' ? {} : undefined;
        return need.startsWith('!') ? need.slice(1) : { token: need };
      },
      wanted,
    );

  test('is that each comes once, after what it needs', () => {
    @injectable()
    class C {}
    @injectable()
    class B {
      constructor(readonly c: C) {}
    }
    @injectable()
    class A {
      constructor(
        readonly b: B,
        readonly c: C,
      ) {}
    }
    const making = (token: InjectionToken): Making => ({ class: token as typeof A });
    expect(inOrder([A, B, C], making)).toEqual([C, B, A]);
    expect(order({ a: 'b', b: 'ready' }, ['a', 'ready', 'b'])).toEqual(['ready', 'b', 'a']);
    expect(order({}, [])).toEqual([]);
  });

  test.each<[string, Record<string, string>, string]>([
    [
      'a circle',
      { a: 'b', b: 'c', c: 'b' },
      '"b" → "c" → "b": each needs the next, so none can be made first. Break the circle, or use delay().',
    ],
    [
      'one that needs itself',
      { a: 'a' },
      '"a" → "a": each needs the next, so none can be made first. Break the circle, or use delay().',
    ],
    [
      'one that nothing provides',
      { a: 'b', b: 'c' },
      '"b": nothing provides "c": add { token: "c", useValue: … } to the providers of a module.',
    ],
    ['one that may not be had', { a: 'b', b: '!it is private.' }, '"a": it is private.'],
  ])('refuses %s', (_what, needs, message) => {
    expect(() => order(needs, ['a'])).toThrow(new BootError(message));
  });

  test('says for what the first was wanted', () => {
    expect(() => order({}, ['a'], 'Chat.join, parameter 1 (room)')).toThrow(
      'Chat.join, parameter 1 (room): nothing provides "a"',
    );
  });

  test('leaves out what is delayed, which may be part of a circle', () => {
    @injectable()
    class Late {
      constructor(@inject(delay(() => Early)) readonly early: unknown) {}
    }
    @injectable()
    class Early {
      constructor(readonly late: Late) {}
    }
    expect(inOrder([Early], (token) => ({ class: token as typeof Early }))).toEqual([Late, Early]);
  });
});
