import 'reflect-metadata';
import { IsString, ValidateIf, Validator } from 'class-validator';
import { containInstance } from '../../src/validation/contained-instance';
import { Issues } from '../../src/validation/issues';
import { ForbiddenError } from '../../src/engine';

const failing = (): never => {
  throw new Error('no');
};

class Name {
  @IsString()
  get first(): string {
    return failing();
  }
}

function contain(instance: object, path = ''): unknown {
  const issues = new Issues();
  containInstance(instance, path, issues);
  return issues.isEmpty ? [] : issues.failure().details;
}

const unread = (path: string): object => ({ path, constraints: { transformation: `${path} cannot be read` } });

test('getters that throw are issues, wherever they stand', () => {
  const name = new Name();
  const details = contain({ name, list: [new Name()], set: new Set([new Name()]), map: new Map([['a', new Name()]]) });
  expect(details).toEqual(['name.first', 'list.0.first', 'set.0.first', 'map.a.first'].map(unread));
  expect(contain(name, 'body')).toEqual([unread('body.first')]);
});

test('an error reply that a getter throws is thrown', () => {
  const guarded = {
    get secret(): string {
      throw new ForbiddenError('not this one');
    },
  };
  expect(() => contain(guarded)).toThrow(ForbiddenError);
});

test('an instance that contains itself has an end', () => {
  const self: Record<string, unknown> = {};
  self.self = [self];
  expect(contain(self)).toEqual([]);
});

/** A promise that rejects; `heard` tells whether somebody took that. */
function late(heard: jest.Mock): PromiseLike<never> {
  return { then: (_resolve: unknown, reject: () => void) => (heard(), reject()) } as unknown as PromiseLike<never>;
}

test('promises that stand in it are taken', async () => {
  const heard = jest.fn();
  contain({ a: late(heard), b: [late(heard)] });
  await Promise.resolve();
  expect(heard).toHaveBeenCalledTimes(2);
});

test('conditions and messages say what they said, and their promises are taken, once for each call', async () => {
  const heard = jest.fn();
  class Told {
    @ValidateIf((() => late(heard)) as never)
    @IsString({ message: (() => late(heard)) as never })
    always!: unknown;

    @ValidateIf(() => false)
    @IsString()
    never!: unknown;

    @IsString({ validateIf: () => false })
    neither!: unknown;

    @IsString({ message: ({ property }) => `not this ${property}` })
    text!: unknown;
  }
  for (let times = 0; times < 3; times++) contain(new Told());
  const errors = await new Validator().validate(new Told());
  expect(errors.map(({ property, constraints }) => [property, constraints])).toEqual([
    ['always', { isString: '[object Object]' }],
    ['text', { isString: 'not this text' }],
  ]);
  expect(heard).toHaveBeenCalledTimes(2);
});
