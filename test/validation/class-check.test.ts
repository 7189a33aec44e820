import 'reflect-metadata';
import { Transform, Type } from 'class-transformer';
import {
  Allow,
  ArrayMaxSize,
  IsArray,
  IsDate,
  IsIn,
  IsInstance,
  IsInt,
  IsOptional,
  IsString,
  MaxLength,
  Min,
  registerDecorator,
  ValidateIf,
  ValidateNested,
} from 'class-validator';
import { classCheck, isValidated, type ValidationOptions } from '../../src/validation/class-check';
import type { Constructor } from '../../src/decorators';
import { issuesOf, outcomeOf } from '../support/checks';
import { DEFAULT_LIMITS } from '../../src/engine';

/** Answers in time, whether or not it says so. */
function Free({ async, each = false }: { async: boolean; each?: boolean }): PropertyDecorator {
  return (prototype, property) =>
    registerDecorator({
      name: 'free',
      target: prototype.constructor,
      propertyName: String(property),
      async,
      options: { message: '$property is taken', each },
      validator: { validate: (value) => Promise.resolve(value !== 'taken') },
    });
}

class Item {
  @IsString()
  @MaxLength(3)
  name!: string;

  @IsInt()
  @Min(1)
  count = 1;
}

class Address {
  @IsString()
  city!: string;
}

class Order {
  @IsArray()
  @ArrayMaxSize(3)
  @ValidateNested({ each: true })
  @Type(() => Item)
  items!: Item[];

  @IsOptional()
  @ValidateNested()
  @Type(() => Address)
  address?: Address;
}

class Named {
  @IsString()
  name!: string;
}

class Account {
  @Free({ async: true })
  name!: string;
}

class Secret {
  @Free({ async: false })
  name!: string;
}

class Team {
  @Free({ async: true, each: true })
  names!: string[];
}

class Accounts {
  @ValidateNested({ each: true })
  @Type(() => Account)
  accounts!: Account[];
}

class Anything {
  @Allow()
  tree: unknown;
}

describe('isValidated', () => {
  class Inherits extends Named {}

  class Bare {
    name!: string;
  }

  test.each<[Constructor, boolean]>([
    [Named, true],
    [Inherits, true],
    [Anything, true],
    [Bare, false],
    [Object, false],
  ])('%p: %p', (type, validated) => {
    expect(isValidated(type)).toBe(validated);
  });
});

describe('what is valid', () => {
  test('becomes an instance of the class, with its default values and nested instances', async () => {
    const value = { items: [{ name: 'a' }, { name: 'b', count: 2 }], address: { city: 'Bath' } };
    const { value: order } = (await outcomeOf(classCheck(Order, {}, DEFAULT_LIMITS), value)) as { value: Order };
    expect(order).toStrictEqual(
      Object.assign(new Order(), {
        items: [Object.assign(new Item(), { name: 'a', count: 1 }), Object.assign(new Item(), { name: 'b', count: 2 })],
        address: Object.assign(new Address(), { city: 'Bath' }),
      }),
    );
  });

  test('is there at once where the class is flat', () => {
    expect(classCheck(Named, {}, DEFAULT_LIMITS)({ name: 'ann' })).toBeInstanceOf(Named);
  });

  test('is what class-transformer made of it', async () => {
    class Appointment {
      @IsDate()
      @Type(() => Date)
      at!: Date;

      @IsInt()
      @Transform(({ value }) => Number(value))
      minutes!: number;
    }
    expect(
      await outcomeOf(classCheck(Appointment, {}, DEFAULT_LIMITS), { at: '2026-02-03T00:00:00Z', minutes: '5' }),
    ).toStrictEqual({
      value: Object.assign(new Appointment(), { at: new Date('2026-02-03T00:00:00Z'), minutes: 5 }),
    });
  });

  test('keeps its bytes and dates, as MessagePack brings them', async () => {
    class Upload {
      @IsInstance(Uint8Array)
      bytes!: Uint8Array;

      @IsDate()
      at!: Date;
    }
    const value = { bytes: Buffer.from([1, 2, 3]), at: new Date(7) };
    expect(await outcomeOf(classCheck(Upload, {}, DEFAULT_LIMITS), value)).toEqual({ value });
  });
});

describe('what is not valid', () => {
  test.each<[string, unknown, Record<string, Record<string, string>>]>([
    [
      'every constraint of every property',
      { items: [{ name: 'a' }, { name: 1, count: 0.5 }] },
      {
        'items.1.name': {
          isString: 'name must be a string',
          maxLength: 'name must be shorter than or equal to 3 characters',
        },
        'items.1.count': { isInt: 'count must be an integer number', min: 'count must not be less than 1' },
      },
    ],
    [
      'a property of a nested object',
      { items: [], address: { city: 1 } },
      { 'address.city': { isString: 'city must be a string' } },
    ],
    [
      'no array',
      { items: 'a' },
      {
        items: {
          nestedValidation: 'each value in nested property items must be either object or array',
          arrayMaxSize: 'items must contain no more than 3 elements',
          isArray: 'items must be an array',
        },
      },
    ],
    [
      'elements that are no objects',
      { items: [1, null] },
      {
        'items.0': { nestedValidation: 'each value in nested property items must be either object or array' },
        'items.1': { nestedValidation: 'each value in nested property items must be either object or array' },
      },
    ],
    [
      'unknown properties, wherever they stand',
      { items: [{ name: 'a', price: 1 }], address: { city: 'Bath', zip: 1 }, total: 1 },
      {
        total: { whitelistValidation: 'property total should not exist' },
        'items.0.price': { whitelistValidation: 'property price should not exist' },
        'address.zip': { whitelistValidation: 'property zip should not exist' },
      },
    ],
    [
      'what is missing',
      {},
      { items: { arrayMaxSize: 'items must contain no more than 3 elements', isArray: 'items must be an array' } },
    ],
  ])('is reported: %s', async (_what, value, expected) => {
    const issues = await issuesOf(classCheck(Order, {}, DEFAULT_LIMITS), value);
    expect(Object.fromEntries(issues.map(({ path, constraints }) => [path, constraints]))).toEqual(expected);
    expect(issues).toHaveLength(Object.keys(expected).length);
  });

  test('is reported at its place in the message', async () => {
    const issues = await issuesOf(classCheck(Order, {}, DEFAULT_LIMITS, 'order'), { items: [{ name: 1 }], more: 1 });
    expect(issues.map(({ path }) => path)).toEqual(['order.more', 'order.items.0.name']);
  });

  test.each([
    undefined,
    null,
    'x',
    '',
    1,
    true,
    [],
    [{ name: 'ann' }],
    new Uint8Array(1),
    Buffer.from('{"name":"ann"}'),
    new DataView(new ArrayBuffer(1)),
  ])('is anything but an object: %p', async (value) => {
    expect(await issuesOf(classCheck(Named, {}, DEFAULT_LIMITS), value)).toEqual([
      { path: '', constraints: { isObject: 'data must be an object' } },
    ]);
    expect(await issuesOf(classCheck(Named, {}, DEFAULT_LIMITS, 'user'), value)).toEqual([
      { path: 'user', constraints: { isObject: 'user must be an object' } },
    ]);
  });

  test.each([new Date(), new Set()])('is an object that is no data: %p', async (value) => {
    class Settings {
      @IsOptional()
      @IsInt()
      size?: number;
    }
    const constraints = { unknownValue: 'an unknown value was passed to the validate function' };
    expect(await issuesOf(classCheck(Settings, {}, DEFAULT_LIMITS), value)).toEqual([{ path: '', constraints }]);
  });
});

describe('validators that need time', () => {
  test.each<[string, Constructor, object, string[]]>([
    ['that say so', Account, { name: 'taken' }, ['name']],
    ['that do not', Secret, { name: 'taken' }, ['name']],
    ['for each element', Team, { names: ['a', 'taken'] }, ['names']],
    ['of nested objects', Accounts, { accounts: [{ name: 'a' }, { name: 'taken' }] }, ['accounts.1.name']],
  ])('are waited for: %s', async (_what, type, value, paths) => {
    const check = classCheck(type, {}, DEFAULT_LIMITS);
    // the second time, it is known that they need time
    for (let time = 0; time < 2; time++) {
      expect(await issuesOf(check, value)).toEqual(
        paths.map((path) => ({ path, constraints: { free: `${path.split('.').at(-1)} is taken` } })),
      );
    }
    const valid = JSON.parse(JSON.stringify(value).replaceAll('taken', 'free')) as object;
    expect(await outcomeOf(check, valid)).toMatchObject({ value: valid });
  });

  test('and fail, fail the check with what they threw', async () => {
    class Broken {
      name!: string;
    }
    registerDecorator({
      target: Broken,
      propertyName: 'name',
      validator: { validate: () => Promise.reject(new Error('database down')) },
    });
    const check = classCheck(Broken, {}, DEFAULT_LIMITS);
    await expect(check({ name: 'a' })).rejects.toThrow('database down');
    await expect(check({ name: 'a' })).rejects.toThrow('database down');
  });
});

class Post {
  @IsString()
  @MaxLength(3)
  text!: string;

  @ValidateIf((post: Post) => post.text === 'why')
  @IsString()
  reason?: string;
}

class Draft {
  @IsInt({ groups: ['edit'] })
  @MaxLength(3, { groups: ['create'] })
  @IsIn([1, 'abc', 'abcd'], { always: true })
  id?: number;
}

describe('validation options', () => {
  const more = { text: 'a', reason: 'r', more: { deep: 1 } };
  const unknown = [{ path: 'more', constraints: { whitelistValidation: 'property more should not exist' } }];
  const text = { isString: 'text must be a string', maxLength: 'text must be shorter than or equal to 3 characters' };
  const id = {
    isInt: 'id must be an integer number',
    maxLength: 'id must be shorter than or equal to 3 characters',
    isIn: 'id must be one of the following values: 1, abc, abcd',
  };

  test.each<[string, ValidationOptions, Constructor, object, object]>([
    ['strip unknown properties', { forbidNonWhitelisted: false }, Post, more, { text: 'a', reason: 'r' }],
    ['keep them', { whitelist: false, forbidNonWhitelisted: false }, Post, more, more],
    ['let missing properties be', { skipMissingProperties: true }, Post, {}, {}],
    ['name a group', { groups: ['edit'] }, Draft, { id: 1 }, { id: 1 }],
    ['name another', { groups: ['create'] }, Draft, { id: 'abc' }, { id: 'abc' }],
  ])('can %s', async (_what, options, type, value, expected) => {
    const outcome = await outcomeOf(classCheck(type, options, DEFAULT_LIMITS), value);
    expect(outcome).toEqual({ value: expected });
    expect((outcome as { value: unknown }).value).toBeInstanceOf(type);
  });

  test.each<[string, ValidationOptions, Constructor, object, object[]]>([
    ['unknown properties, without any', {}, Post, more, unknown],
    ['what is undefined does not make it lenient', { whitelist: undefined } as never, Post, more, unknown],
    ['nor here', { forbidNonWhitelisted: undefined } as never, Post, more, unknown],
    ['every error of a property', {}, Post, { text: 1 }, [{ path: 'text', constraints: text }]],
    [
      'only the first',
      { stopAtFirstError: true },
      Post,
      { text: 1 },
      [{ path: 'text', constraints: { maxLength: text.maxLength } }],
    ],
    [
      'what a group demands, and what is always demanded',
      { groups: ['edit'] },
      Draft,
      { id: 'x' },
      [{ path: 'id', constraints: { isInt: id.isInt, isIn: id.isIn } }],
    ],
    [
      'all groups, when none is named',
      {},
      Draft,
      { id: 12 },
      [{ path: 'id', constraints: { isIn: id.isIn, maxLength: id.maxLength } }],
    ],
  ])('what is refused: %s', async (_what, options, type, value, expected) => {
    expect(await issuesOf(classCheck(type, options, DEFAULT_LIMITS), value)).toEqual(expected);
  });
});

/** Objects or arrays in each other. */
function nested(depth: number, array: boolean): unknown {
  let value: unknown = 'leaf';
  for (let level = 0; level < depth; level++) value = array ? [value] : { a: value };
  return value;
}

describe('before class-transformer sees it', () => {
  const check = classCheck(Anything, {}, DEFAULT_LIMITS);

  test.each([false, true])('32 levels are let through, the 33rd is refused (arrays: %p)', async (array) => {
    expect(await outcomeOf(check, { tree: nested(31, array) })).toMatchObject({ value: { tree: nested(31, array) } });
    const path = ['tree', ...Array<string>(31).fill(array ? '0' : 'a')].join('.');
    const issue = { path, constraints: { maxDepth: 'objects may stand in each other 32 deep' } };
    expect(await issuesOf(check, { tree: nested(32, array) })).toEqual([issue]);
    expect(await issuesOf(check, { tree: nested(100_000, array) })).toEqual([issue]);
  });

  test.each(['__proto__', 'constructor', 'prototype'])('a property %s is refused, wherever it stands', async (key) => {
    const evil = Object.fromEntries([[key, 1]]) as object;
    const constraints = { whitelistValidation: `property ${key} should not exist` };
    expect(await issuesOf(check, evil)).toEqual([{ path: key, constraints }]);
    expect(await issuesOf(check, { tree: [{ a: evil }] })).toEqual([{ path: `tree.0.a.${key}`, constraints }]);
  });

  test('bytes are looked at as a whole', async () => {
    const bytes = Buffer.alloc(1_000_000, 1);
    const { value } = (await outcomeOf(check, { tree: bytes })) as { value: Anything };
    expect(bytes.equals(value.tree as Buffer)).toBe(true);
  });
});

describe('a validator that needs time', () => {
  let calls = 0;
  const failure = new Error('the failure');

  function checkWith(async: boolean, answer: (value: unknown) => unknown) {
    class Body {
      @IsString()
      first!: string;

      second!: string;

      @IsString()
      third!: string;
    }
    registerDecorator({
      name: 'free',
      target: Body,
      propertyName: 'second',
      async,
      validator: {
        validate: (value) => {
          calls++;
          return answer(value) as Promise<boolean>;
        },
      },
    });
    calls = 0;
    return classCheck(Body, {}, DEFAULT_LIMITS);
  }

  const body = { first: 'a', second: 'b', third: 'c' };

  test.each([true, false])('is asked once for each message, also for the first; it says so: %p', async (async) => {
    const check = checkWith(async, (value) => Promise.resolve(value !== 'taken'));
    for (let message = 1; message <= 3; message++) {
      expect(await check(body)).toEqual(body);
      expect(calls).toBe(message);
    }
    const again = checkWith(async, (value) => Promise.resolve(value !== 'taken'));
    expect(await issuesOf(again, { ...body, second: 'taken' })).toMatchObject([{ path: 'second' }]);
    expect(calls).toBe(1);
  });

  test.each([true, false])('and fails once, which is the failure of the handler; it says so: %p', async (async) => {
    const check = checkWith(async, () => Promise.reject(failure));
    for (let message = 1; message <= 2; message++) {
      await expect(check(body)).rejects.toBe(failure);
      expect(calls).toBe(message);
    }
  });

  test('and fails beside another property that is wrong', async () => {
    const check = checkWith(false, () => Promise.reject(failure));
    await expect(check({ ...body, third: 5 })).rejects.toBe(failure);
    expect(calls).toBe(1);
  });
});
