import { BootError, Inject, injectable } from '../../src';
import { WHO_EMITS_NONE } from '../../src/decorators/boot-error';
import { delay, inject, injectAll, injectWithTransform, Lifecycle, type InjectionToken } from 'tsyringe';
import { constructorNeeds, inOrder, knownNeeds, type Recipe } from '../../src/app/dependencies';

class Database {}
class Mailer {}

const tokensOf = (constructor: new (...args: never[]) => unknown): unknown[] =>
  constructorNeeds(constructor).map(({ token }) => token);

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
    expect(tokensOf(Service)).toEqual([Database, 'name', Mailer, 'plugin']);
    expect(tokensOf(Database)).toEqual([]);
  });

  test('are known without emitted types where all of them are said', () => {
    class Service {
      constructor(readonly name: string) {}
    }
    inject('name')(Service, undefined, 0);
    expect(tokensOf(Service)).toEqual(['name']);
  });

  test.each<[string, unknown[] | undefined, string]>([
    [
      'a type that is not known',
      undefined,
      'its type is not known. Decorate Service with @injectable() from portal-ws, with "emitDecoratorMetadata": true ' +
        `in tsconfig.json; or bind the parameter with @Inject(token). ${WHO_EMITS_NONE}`,
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
    expect(() => constructorNeeds(Service)).toThrow(new BootError(`Service, constructor parameter 2: ${why}`));
    expect(knownNeeds(Service).map(({ token }) => token)).toEqual([Database]);
  });

  test('come with how many are needed, and whether they may be missing', () => {
    class Upper {
      transform(text: string): string {
        return text.toUpperCase();
      }
    }
    @injectable()
    class Service {
      constructor(
        @inject('a', { isOptional: true }) readonly a: unknown,
        @injectAll('b', { isOptional: true }) readonly b: unknown,
        @injectWithTransform('c', Upper) readonly c: unknown,
      ) {}
    }
    expect(constructorNeeds(Service)).toEqual([
      { index: 0, token: 'a', all: false, optional: true },
      { index: 1, token: 'b', all: true, optional: true },
      { index: 2, token: 'c', all: false, optional: false },
      { index: 2, token: Upper, all: false, optional: false },
    ]);
  });
});

describe('the order', () => {
  const recipe = (token: InjectionToken, how: Partial<Recipe> = {}): Recipe => ({
    token,
    lifecycle: Lifecycle.Singleton,
    asked: new Set(),
    ...how,
  });
  const wanted = (token: InjectionToken, place = String(token), all = false) =>
    ({ token, place, all, optional: false, owner: 'application' }) as const;

  /** Makes each token by way of others, of which `ready` needs none. */
  const order = (needs: Record<string, string>, tokens: string[], place?: string) => {
    const known = new Map(Object.entries(needs).map(([token, alias]) => [token, recipe(token, { alias })]));
    known.set('ready', recipe('ready'));
    const makingsOf = (token: InjectionToken): Recipe[] => [known.get(token as string)].flatMap((one) => one ?? []);
    return inOrder(
      tokens.map((token) => wanted(token, place)),
      makingsOf,
    ).map(({ token }) => token);
  };

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
    const recipes = new Map<unknown, Recipe[]>([A, B, C].map((one) => [one, [recipe(one, { class: one })]]));
    const all = inOrder(
      [A, B, C].map((one) => wanted(one)),
      (token) => recipes.get(token) ?? [],
    );
    expect(all.map(({ token }) => token)).toEqual([C, B, A]);
    expect(order({ a: 'b', b: 'ready' }, ['a', 'ready', 'b'])).toEqual(['ready', 'b', 'a']);
    expect(order({}, [])).toEqual([]);
  });

  test('counts what was asked for while it was made', () => {
    const b = recipe('b');
    const a = recipe('a', { asked: new Set([b]) });
    b.asked.add(a);
    expect(inOrder([a, b], () => [])).toEqual([b, a]);
  });

  test('takes the last of several providers, or all', () => {
    const recipes = [recipe('p'), recipe('p'), recipe('p')];
    expect(inOrder([wanted('p')], () => recipes)).toEqual([recipes[2]]);
    expect(inOrder([wanted('p', 'here', true)], () => recipes)).toEqual(recipes);
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
  ])('refuses %s', (_what, needs, message) => {
    expect(() => order(needs, ['a'])).toThrow(new BootError(message));
  });

  test('refuses what each connection has its own of, for the application', () => {
    const scoped = recipe('session', { lifecycle: Lifecycle.ContainerScoped });
    const why = 'each connection has its own "session", so what is made once cannot have one.';
    expect(() => inOrder([wanted('session', 'here')], () => [scoped])).toThrow(new BootError(`here: ${why}`));
    expect(inOrder([{ ...wanted('session'), owner: 'connection' }], () => [scoped])).toEqual([scoped]);
    const single = recipe('single', { alias: 'session' });
    expect(() =>
      inOrder([{ ...wanted('single'), owner: 'connection' }], (token) => [token === 'single' ? single : scoped]),
    ).toThrow(new BootError(`"single": ${why}`));
  });

  test('says for what the first was wanted', () => {
    expect(() => order({}, ['a'], 'Chat.join, parameter 1 (room)')).toThrow(
      'Chat.join, parameter 1 (room): nothing provides "a"',
    );
  });

  test('has what is delayed at the end, which may be part of a circle', () => {
    @injectable()
    class Late {
      constructor(@inject(delay(() => Early)) readonly early: unknown) {}
    }
    @injectable()
    class Early {
      constructor(readonly late: Late) {}
    }
    const recipes = new Map<unknown, Recipe[]>([Early, Late].map((one) => [one, [recipe(one, { class: one })]]));
    const makingsOf = (token: InjectionToken): Recipe[] => recipes.get(token) ?? [];
    expect(inOrder([wanted(Late)], makingsOf).map(({ token }) => token)).toEqual([Late, Early]);
    recipes.delete(Early);
    expect(() => inOrder([wanted(Late)], makingsOf)).toThrow('Late, constructor parameter 1: nothing provides Early');
  });
});
