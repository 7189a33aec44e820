import 'reflect-metadata';
import { container, injectable, Lifecycle, scoped, singleton } from 'tsyringe';
import { BootError, Connection } from '../../src';
import { Factories } from '../../src/app/factories';
import { Instances } from '../../src/app/instances';
import { Recipes } from '../../src/app/recipes';

class Plain {}

@singleton()
class Shared {}

@scoped(Lifecycle.ContainerScoped)
class Own {}

@injectable()
class OfConnection {
  constructor(readonly connection: Connection) {}
}

@injectable()
class Further {
  constructor(readonly service: OfConnection) {}
}

function recipes() {
  const child = container.createChildContainer();
  const instances = new Instances(child);
  return { recipes: new Recipes(child, new Factories(child), instances), child, instances };
}

const lifecycles = (of: Recipes, token: never): Lifecycle[] => of.of(token).map(({ lifecycle }) => lifecycle);

test('a class that is listed is one for the application, or what it says of itself', () => {
  const { recipes: all } = recipes();
  for (const type of [Plain, Plain, Shared, Own]) all.addProvider(type);
  expect(lifecycles(all, Plain as never)).toEqual([Lifecycle.Singleton]);
  expect(lifecycles(all, Shared as never)).toEqual([Lifecycle.Singleton]);
  expect(lifecycles(all, Own as never)).toEqual([Lifecycle.ContainerScoped]);
  expect(all.all().map((recipe) => recipe.class)).toEqual([Plain, Shared, Own]);
});

test('a class that nobody lists provides itself when it is asked for', () => {
  const { recipes: all } = recipes();
  expect(all.has(Plain)).toBe(false);
  expect(all.of(Plain)).toMatchObject([{ class: Plain, lifecycle: Lifecycle.Singleton, unlisted: true }]);
  expect([all.has(Plain), all.isNeeded(Plain), all.isNeeded(Own)]).toEqual([true, true, false]);
});

test('what needs a connection belongs to one, however deep', () => {
  const { recipes: all } = recipes();
  expect([Further, OfConnection, Connection, Plain].map((token) => all.isOfConnection(token))).toEqual([
    true,
    true,
    true,
    false,
  ]);
});

test.each(['text', Symbol('s'), Date, () => 1])('nothing provides %p by itself', (token) => {
  expect(recipes().recipes.of(token as never)).toEqual([]);
});

test('several providers of one token are kept, the last of which is injected', () => {
  const { recipes: all, child } = recipes();
  all.addProvider({ token: 'n', useValue: 1 });
  all.addProvider({ token: 'n', useValue: 2 });
  expect(all.of('n')).toHaveLength(2);
  expect([child.resolve('n'), child.resolveAll('n')]).toEqual([2, [1, 2]]);
});

test('each recipe has a key, which leads to it', () => {
  const { recipes: all, child } = recipes();
  all.addValue('n', 5);
  const [recipe] = all.of('n');
  const key = all.keyOf(recipe!);
  expect(all.registered(key)?.recipe).toBe(recipe);
  expect(child.resolve(key)).toBe(5);
  expect(all.registered('n')).toBeUndefined();
});

test('a value is the application’s, which did not make it', () => {
  const { recipes: all, instances } = recipes();
  const value = {};
  all.addValue('v', value);
  expect(instances.all()).toEqual([{ instance: value, own: false }]);
});

test.each<[object, string]>([
  [{ useValue: 1 }, 'a provider has no token'],
  [{ token: 'n' }, 'the provider of "n" has no useClass, useValue, useFactory or useToken'],
])('%j is no provider', (provider, message) => {
  const add = (): void => recipes().recipes.addProvider(provider as never);
  expect(add).toThrow(BootError);
  expect(add).toThrow(message);
});
