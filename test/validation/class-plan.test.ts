import { isDeepStrictEqual } from 'node:util';
import { Expose, plainToInstance, Type } from 'class-transformer';
import * as cv from 'class-validator';
import * as fc from 'fast-check';
import { isValidated } from '../../src/validation/class-check';
import { ClassPlan } from '../../src/validation/class-plan';
import { useFastContainer } from '../support/fast-container';
import { anyClasses, classOf, flatClasses, valuesFor, type Dto } from '../binding/dto-arbitraries';

useFastContainer();

const STRICT = { whitelist: true, forbidNonWhitelisted: true, forbidUnknownValues: true };

/** What class-transformer makes of a value, where class-validator finds nothing wrong with it. */
async function oracle(type: Dto, value: object): Promise<object | undefined> {
  const instance = plainToInstance(type, structuredCopy(value));
  const errors = await cv.validate(instance, STRICT);
  return errors.length === 0 ? instance : undefined;
}

/** class-transformer removes discriminators from what it is given. */
function structuredCopy(value: object): object {
  return Object.getPrototypeOf(value) === Object.prototype ? Object.fromEntries(Object.entries(value)) : value;
}

function sameInstance(one: object, other: object): boolean {
  return Object.getPrototypeOf(one) === Object.getPrototypeOf(other) && isDeepStrictEqual(one, other);
}

describe('against class-transformer and class-validator, strict', () => {
  test('whatever is accepted they accept, and make the same of it', async () => {
    let accepted = 0;
    const classes = anyClasses.chain((spec) =>
      fc.tuple(fc.constant(spec), fc.array(valuesFor(spec), { minLength: 10, maxLength: 30 })),
    );
    await fc.assert(
      fc.asyncProperty(classes, async ([spec, values]) => {
        const type = classOf(spec);
        // another is a mistake that is found at boot
        fc.pre(isValidated(type));
        const plan = ClassPlan.of(type);
        for (const value of values) {
          const short = plan?.accept(value);
          if (short === undefined) continue;
          accepted++;
          const long = await oracle(type, value);
          if (long === undefined) throw new Error('class-validator refuses it');
          if (!sameInstance(short, long)) throw new Error('class-transformer makes something else of it');
        }
      }),
      { numRuns: 400 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  test('of flat classes, whatever they accept without an object in it is accepted', async () => {
    let accepted = 0;
    let refused = 0;
    const classes = flatClasses.chain((spec) =>
      fc.tuple(fc.constant(spec), fc.array(valuesFor(spec), { minLength: 10, maxLength: 30 })),
    );
    await fc.assert(
      fc.asyncProperty(classes, async ([spec, values]) => {
        const type = classOf(spec);
        const plan = ClassPlan.of(type)!;
        for (const value of values) {
          if (Object.getPrototypeOf(value) !== Object.prototype || Object.values(value).some(isObject)) continue;
          // names that every object has, which class-transformer passes over
          if (Object.keys(value).some((name) => name in Object.prototype)) continue;
          const long = await oracle(type, value);
          const short = plan.accept(value);
          if ((short === undefined) !== (long === undefined)) throw new Error(`they say ${long ? 'yes' : 'no'}`);
          if (short === undefined || long === undefined) {
            refused++;
            continue;
          }
          accepted++;
          if (!sameInstance(short, long)) throw new Error('class-transformer makes something else of it');
        }
      }),
      { numRuns: 100 },
    );
    expect(Math.min(accepted, refused)).toBeGreaterThan(100);
  });
});

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

class Greeting {
  @cv.IsString()
  text!: string;

  @cv.IsOptional()
  @cv.IsInt()
  times?: number;
}

describe('a flat class', () => {
  const plan = ClassPlan.of(Greeting)!;

  test('is made of a valid value', () => {
    const made = plan.accept({ text: 'hello', times: 2 });
    expect(made).toBeInstanceOf(Greeting);
    expect(made).toEqual({ text: 'hello', times: 2 });
    expect(plan.accept({ text: '' })).toEqual({ text: '' });
  });

  test.each<[string, object]>([
    ['an unknown property', { text: 'hello', more: 1 }],
    ['one that every object has', { text: 'hello', toString: 1 }],
    ['__proto__', Object.fromEntries([...Object.entries({ text: 'hello' }), ['__proto__', null]])],
    ['constructor', { text: 'hello', constructor: 1 }],
    ['an object for a property', { text: {} }],
    ['an array for a property', { text: ['hello'] }],
    ['a value that a validator refuses', { text: 1 }],
    ['a property that is missing', {}],
    ['an object of another class', Object.assign(new Greeting(), { text: 'hello' })],
    ['an object without prototype', Object.assign(Object.create(null) as object, { text: 'hello' })],
  ])('%s is left to class-validator', (_what, value) => {
    expect(plan.accept(value)).toBeUndefined();
  });
});

test('a timestamp of MessagePack is no object without properties', () => {
  class Settings {
    @cv.IsOptional()
    @cv.IsInt()
    size?: number;
  }
  const plan = ClassPlan.of(Settings)!;
  expect(plan.accept({})).toBeDefined();
  expect(plan.accept(new Date())).toBeUndefined();
});

test('a default value of which each element is to be checked is left to class-validator', () => {
  class Tagged {
    @cv.IsNotEmpty({ each: true })
    tags: unknown = [''];
  }
  const plan = ClassPlan.of(Tagged)!;
  expect(plan.accept({})).toBeUndefined();
  expect(plan.accept({ tags: 'a' })).toEqual({ tags: 'a' });
});

test('a field without a decorator is an unknown property, as class-validator sees it', () => {
  class Forgotten extends Greeting {
    more = 1;
  }
  expect(ClassPlan.of(Forgotten)!.accept({ text: 'hello' })).toBeUndefined();
});

class Nested {
  @cv.ValidateNested()
  greeting!: Greeting;
}

class Typed {
  @cv.IsDate()
  @Type(() => Date)
  at!: Date;
}

class Exposed extends Greeting {
  @Expose({ name: 'text' })
  renamed!: string;
}

class WithMethod {
  @cv.IsString()
  text(): string {
    return '';
  }
}

class WithSetter {
  @cv.IsString()
  set text(_text: string) {}
}

class Promised {
  @cv.ValidatePromise()
  @cv.IsString()
  text!: Promise<string>;
}

@cv.ValidatorConstraint({ async: true })
class AsyncConstraint implements cv.ValidatorConstraintInterface {
  validate(): Promise<boolean> {
    return Promise.resolve(true);
  }
}

class Later {
  @cv.Validate(AsyncConstraint)
  text!: string;
}

test.each([Nested, Typed, Exposed, WithMethod, WithSetter, Promised, Later])('%p has no plan', (type) => {
  expect(ClassPlan.of(type)).toBeUndefined();
});

/** A class with a validator that says nothing of the promise that it returns. */
function withValidator(validate: () => unknown): Dto {
  class Custom {
    text!: string;
  }
  cv.registerDecorator({
    target: Custom,
    propertyName: 'text',
    validator: { validate: validate as () => boolean },
  });
  return Custom;
}

describe('a validator that turns out to need time', () => {
  test('is asked once; from then on class-validator alone asks it', () => {
    const validate = jest.fn(() => Promise.resolve(true));
    const plan = ClassPlan.of(withValidator(validate))!;
    expect([plan.accept({ text: 'a' }), plan.accept({ text: 'a' })]).toEqual([undefined, undefined]);
    expect(validate).toHaveBeenCalledTimes(1);
  });

  test('may fail without an unhandled rejection, for which jest would fail this test', async () => {
    const plan = ClassPlan.of(withValidator(() => Promise.reject(new Error('database down'))))!;
    expect(plan.accept({ text: 'a' })).toBeUndefined();
    // they are reported when the microtasks are done
    await new Promise((resolve) => setImmediate(resolve));
  });
});

test('an answer that is not exactly true is left to class-validator', () => {
  expect(ClassPlan.of(withValidator(() => 1))!.accept({ text: 'a' })).toBeUndefined();
});

test('what a validator throws is thrown, as class-validator does', () => {
  const plan = ClassPlan.of(
    withValidator(() => {
      throw new Error('broken');
    }),
  )!;
  expect(() => plan.accept({ text: 'a' })).toThrow('broken');
});

@cv.ValidatorConstraint()
class Counter implements cv.ValidatorConstraintInterface {
  static made = 0;

  constructor() {
    Counter.made++;
  }

  validate(): boolean {
    return true;
  }
}

class Counted {
  @cv.Validate(Counter)
  text!: string;
}

test('validators are asked for when the first value comes, so that the container may be set after boot', () => {
  const plan = ClassPlan.of(Counted)!;
  expect(Counter.made).toBe(0);
  plan.accept({ text: 'a' });
  plan.accept({ text: 'a' });
  expect(Counter.made).toBe(1);
});
