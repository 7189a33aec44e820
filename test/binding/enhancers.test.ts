import { BootError, Catch, UseFilters, UseGuards, UseInterceptors, type Guard } from '../../src';
import { Enhancers } from '../../src/binding/enhancers';
import type { Resolver } from '../../src/binding/resolver';
import { filter, guard, interceptor } from '../support/uses';

class Made implements Guard {
  canActivate(): boolean {
    return true;
  }
}

/** Makes classes, and keeps in mind for what. */
function resolverWith(wanted: string[] = []) {
  const shared = (constructor: new () => unknown, place: string): unknown => {
    wanted.push(place);
    return new constructor();
  };
  return { shared } as unknown as Resolver;
}

const [g1, g2, g3] = [guard(() => true), guard(() => true), guard(() => true)];
const around = interceptor((_context, next) => next());
const errorHandler = filter(() => {});

@UseGuards(g1)
class Base {
  @UseInterceptors(around)
  inherited(): void {}
}

@UseGuards(g2, Made)
@UseFilters(errorHandler)
class Chat extends Base {
  @UseGuards(g3)
  @UseGuards(g1)
  join(): void {}
}

test('those of a class and of its methods are found by their role, those of base classes first', () => {
  const enhancers = new Enhancers({}, resolverWith());
  expect(enhancers.of('guards', Chat)).toEqual([g1, g2, expect.any(Made)]);
  expect(enhancers.of('filters', Chat)).toEqual([errorHandler]);
  expect(enhancers.of('interceptors', Chat)).toEqual([]);
  expect(enhancers.of('guards', Chat, 'join')).toEqual([g3, g1]);
  expect(enhancers.of('interceptors', Chat, 'inherited')).toEqual([around]);
  expect(enhancers.of('guards', Chat, 'inherited')).toEqual([]);
});

test('those of the application are there once for all; none is none', () => {
  const enhancers = new Enhancers({ guards: [g1, Made], filters: [errorHandler] }, resolverWith());
  expect(enhancers.ofApplication('guards')).toEqual([g1, expect.any(Made)]);
  expect(enhancers.ofApplication('filters')).toEqual([errorHandler]);
  expect(enhancers.ofApplication('interceptors')).toEqual([]);
});

test('a class is made for the place that names it', () => {
  const wanted: string[] = [];
  class Room {
    @UseGuards(Made)
    enter(): void {}
  }
  const enhancers = new Enhancers({ guards: [Made] }, resolverWith(wanted));
  enhancers.ofApplication('guards');
  enhancers.of('guards', Chat);
  enhancers.of('guards', Room, 'enter');
  expect(wanted).toEqual(['the application, guard', 'Chat, guard', 'Room.enter, guard']);
});

const CIRCLE = 'two files that import each other are the usual cause.';

test('what a circular import left undefined is refused', () => {
  const enhancers = new Enhancers({ interceptors: [undefined as never] }, resolverWith());
  expect(() => enhancers.ofApplication('interceptors')).toThrow(
    new BootError(`the application: undefined is no interceptor: it has no method intercept; ${CIRCLE}`),
  );
});

test.each<[unknown, string]>([
  [undefined, `undefined; ${CIRCLE}`],
  [null, 'null.'],
  ['TypeError', '"TypeError".'],
  [[TypeError], 'an array.'],
  [() => TypeError, 'a function.'],
])('@Catch(%p) is refused, on the class of a filter and of an instance', (error, shown) => {
  class Audit {
    catch(): void {}
  }
  Catch(error as never)(Audit);
  for (const item of [Audit, new Audit()]) {
    const enhancers = new Enhancers({ filters: [item] }, resolverWith());
    expect(() => enhancers.ofApplication('filters')).toThrow(
      new BootError(`Audit: @Catch() takes classes of errors, not ${shown}`),
    );
  }
});

test('@Catch twice on one class is refused, on a base class and on its subclass it is not', () => {
  @Catch(TypeError)
  @Catch(RangeError)
  class Audit {
    catch(): void {}
  }
  expect(() => new Enhancers({ filters: [Audit] }, resolverWith()).ofApplication('filters')).toThrow(
    new BootError('Audit: @Catch() stands on the class twice, and only one of them would hold.'),
  );
  @Catch(TypeError)
  class Base {
    catch(): void {}
  }
  @Catch(RangeError)
  class Sub extends Base {}
  expect(new Enhancers({ filters: [Sub] }, resolverWith()).ofApplication('filters')).toHaveLength(1);
});

test.each<[string, unknown, string]>([
  ['a class', class Plain {}, 'Plain is no guard'],
  ['an object', {}, '[object Object] is no guard'],
  ['a text', 'auth', 'auth is no guard'],
  ['an interceptor', around, '[object Object] is no guard'],
  [
    'an arrow function',
    (
      () => () =>
        true
    )(),
    'a function is no guard',
  ],
])('%s without the method is refused', (_what, item, expected) => {
  const enhancers = new Enhancers({ guards: [item as Guard] }, resolverWith());
  expect(() => enhancers.ofApplication('guards')).toThrow(
    new BootError(`the application: ${expected}: it has no method canActivate.`),
  );
});
