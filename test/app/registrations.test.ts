import 'reflect-metadata';
import {
  container,
  delay,
  inject,
  injectable,
  injectAll,
  injectAllWithTransform,
  Lifecycle,
  scoped,
  singleton,
} from 'tsyringe';
import { constructorTypes, delayed, needsIn, registrationsOf, teach } from '../../src/app/registrations';

afterEach(() => container.reset());

class Db {}

test('what was registered with tsyringe, with its lifecycle', () => {
  @singleton()
  class One {}
  @scoped(Lifecycle.ContainerScoped)
  class Cart {}
  container.register('a', { useValue: 1 });
  container.register('a', { useValue: 2 });
  expect(registrationsOf(One)).toMatchObject([
    { provider: { useClass: One }, options: { lifecycle: Lifecycle.Singleton } },
  ]);
  expect(registrationsOf(Cart)).toMatchObject([{ options: { lifecycle: Lifecycle.ContainerScoped } }]);
  expect(registrationsOf('a').map(({ provider }) => provider)).toEqual([{ useValue: 1 }, { useValue: 2 }]);
  expect([registrationsOf('b'), registrationsOf(Db)]).toEqual([[], []]);
});

test('what a parameter needs, as tsyringe records it', () => {
  class Upper {}
  @injectable()
  class Needy {
    constructor(
      readonly db: Db,
      @inject('a') readonly a: unknown,
      @injectAll('b', { isOptional: true }) readonly b: unknown[],
      @injectAllWithTransform('c', Upper as never) readonly c: unknown,
    ) {}
  }
  const { types, tokens } = constructorTypes(Needy);
  expect(needsIn(types[0])).toEqual([{ token: Db, all: false, optional: false }]);
  expect(needsIn(tokens[1])).toEqual([{ token: 'a', all: false, optional: false }]);
  expect(needsIn(tokens[2])).toEqual([{ token: 'b', all: true, optional: true }]);
  expect(needsIn(tokens[3])).toEqual([
    { token: 'c', all: true, optional: false },
    { token: Upper, all: false, optional: false },
  ]);
});

test('a token that is delayed, also by another copy of tsyringe', () => {
  const later = delay(() => Db);
  const foreign = { wrap: () => Db, createProxy: () => ({}) };
  for (const token of [later, foreign]) expect(delayed(token)?.target).toBe(Db);
  expect(container.resolve(delayed(foreign)!.own)).toBeInstanceOf(Db);
  for (const token of ['a', Symbol('a'), Db, null, undefined, {}]) expect(delayed(token)).toBeUndefined();
});

describe('a class without a constructor of its own', () => {
  class Base {
    constructor(
      readonly db: Db,
      @inject('a') readonly a: unknown,
    ) {}
  }
  class Leaf extends Base {}

  test('has that of its base, and is made so when tsyringe was told', () => {
    container.register('a', { useValue: 1 });
    expect(constructorTypes(Leaf)).toMatchObject({ types: [Db, Object], tokens: { 1: { token: 'a' } } });
    expect(container.resolve(Leaf).a).toBeUndefined();
    teach(Leaf);
    expect(container.resolve(Leaf)).toEqual({ db: new Db(), a: 1 });
    expect(Reflect.getOwnMetadataKeys(Leaf)).toEqual([]);
  });

  test('one with parameters that nobody decorated has none that are known', () => {
    class Plain extends Base {
      constructor(readonly other: string) {
        super(new Db(), other);
      }
    }
    expect(constructorTypes(Plain)).toEqual({ types: [], tokens: {} });
    teach(Plain);
    expect(() => container.resolve(Plain)).toThrow('TypeInfo not known for "Plain"');
  });

  test('one that is decorated without parameters needs nothing', () => {
    @injectable()
    class Own extends Base {
      constructor() {
        super(new Db(), 2);
      }
    }
    teach(Own);
    expect(constructorTypes(Own)).toEqual({ types: [], tokens: {} });
    expect(container.resolve(Own).a).toBe(2);
  });
});
