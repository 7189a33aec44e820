import { Catch, UseFilters } from '../../src';
import { BootError, refuseOtherMajor } from '../../src/decorators';
import { OnMessage, WebSocketPath } from '../../src/decorators';
import { bootErrorOf } from '../support/serve';

test('it can be told from other errors, and keeps its cause', () => {
  const cause = new Error('deep');
  const error = new BootError('message', { cause });
  expect(error).toBeInstanceOf(Error);
  expect([error.name, error.message, error.cause]).toEqual(['BootError', 'message', cause]);
});

describe('what another major version decorated', () => {
  const mark = (target: object, name: string): void =>
    Reflect.defineMetadata(Symbol.for(`portal-ws:${name}@7`), [], target);
  const why = /: it was decorated by portal-ws 7, and portal-ws 0 runs the application\. Install one version for both/;

  test('is refused, a base class too', () => {
    class Base {}
    class Leaf extends Base {}
    mark(Base.prototype, 'handlers');
    expect(() => refuseOtherMajor(Leaf)).toThrow(why);
    expect(() => refuseOtherMajor(class {})).not.toThrow();
  });

  test('is found in controllers and filters', async () => {
    @WebSocketPath('/')
    class Controller {
      @OnMessage()
      any(): void {}
    }
    class Filter {
      catch(): void {}
    }
    Catch()(Filter);
    mark(Filter, 'caught');
    UseFilters(Filter)(Controller);
    expect(await bootErrorOf([Controller])).toMatch(why);
    mark(Controller, 'path');
    expect(await bootErrorOf([Controller])).toMatch(/^Controller: it was decorated by portal-ws 7/);
  });
});
