import { BootError, Module } from '../../src';
import { readModules } from '../../src/app/module-graph';

class ControllerA {}
class ControllerB {}
class Service {}

@Module({ controllers: [ControllerA], providers: [Service] })
class Leaf {}

@Module({ imports: [Leaf], controllers: [ControllerA, ControllerB] })
class Middle {}

@Module({ imports: [Middle, Leaf] })
class Root {}

test('each thing once, imported modules first', () => {
  expect(readModules(Root)).toEqual({
    modules: [Leaf, Middle, Root],
    controllers: [ControllerA, ControllerB],
    providers: [Service],
  });
});

test('modules that import each other are read once', () => {
  class One {}
  class Two {}
  Module({ imports: [Two], controllers: [ControllerA] })(One);
  Module({ imports: [One], controllers: [ControllerB] })(Two);
  expect(readModules(One).controllers).toEqual([ControllerB, ControllerA]);
});

test('a class without @Module, at the root or imported', () => {
  class Plain {}
  class Importer {}
  Module({ imports: [Plain] })(Importer);
  expect(() => readModules(Plain)).toThrow(
    new BootError('Plain is no module: decorate it with @Module({ controllers: […], providers: […] }).'),
  );
  expect(() => readModules(Importer)).toThrow('Plain, imported by Importer, is no module');
});

test.each(['imports', 'controllers', 'providers'])('an undefined entry of %s', (list) => {
  class Holed {}
  Module({ [list]: [undefined] })(Holed);
  expect(() => readModules(Holed)).toThrow(
    `Holed: an entry of ${list} is undefined; two files that import each other are the usual cause.`,
  );
});
