import 'reflect-metadata';
import { Type } from 'class-transformer';
import {
  IsIn,
  IsOptional,
  Max,
  registerDecorator,
  Validate,
  ValidateNested,
  type ValidationArguments,
} from 'class-validator';
import { classCheck } from '../../src/validation/class-check';
import { maxChecksOf } from '../../src/validation/class-judge';
import { DEFAULT_LIMITS, type PortalError } from '../../src/engine';
import { issuesOf, outcomeOf } from '../support/checks';

let asked = 0;

function Counted(): PropertyDecorator {
  return (prototype, propertyName) =>
    registerDecorator({
      name: 'counted',
      target: prototype.constructor,
      propertyName: String(propertyName),
      options: { message: '$property of $target is $value' },
      validator: {
        validate: (value) => {
          asked++;
          return value !== 'wrong';
        },
      },
    });
}

class Item {
  @Counted()
  value!: unknown;
}

class Items {
  @ValidateNested({ each: true })
  @Type(() => Item)
  items!: Item[];
}

beforeEach(() => (asked = 0));

function errorOf(value: object): PortalError {
  try {
    void classCheck(Items, {}, DEFAULT_LIMITS)(value);
  } catch (error) {
    return error as PortalError;
  }
  throw new Error('it is accepted');
}

test('100 issues are listed, and the next ends the check', () => {
  const error = errorOf({ items: Array(10_000).fill({ value: 'wrong' }) });
  expect(error.truncated).toBe(true);
  expect(error.details).toHaveLength(100);
  expect(asked).toBe(101);
});

test('each value is looked at once', async () => {
  await outcomeOf(classCheck(Items, {}, DEFAULT_LIMITS), { items: Array(1000).fill({ value: 'right' }) });
  expect(asked).toBe(1000);
});

test('a message quotes no more of a value than is shown', () => {
  const [issue] = errorOf({ items: [{ value: 'wrong' }] }).details as [{ constraints: object }];
  expect(issue.constraints).toEqual({ counted: 'value of Item is wrong' });
});

class Optional {
  @IsOptional()
  @Counted()
  a?: unknown;

  @IsOptional()
  @Counted()
  b?: unknown;
}

class Optionals {
  @ValidateNested({ each: true })
  @Type(() => Optional)
  items!: Optional[];
}

test('what is checked is counted, absent properties too', async () => {
  const check = classCheck(Optionals, {}, DEFAULT_LIMITS);
  const most = maxChecksOf(DEFAULT_LIMITS.maxMessageBytes) / 2 - 1;
  expect(await outcomeOf(check, { items: Array(most).fill({}) })).toMatchObject({
    value: expect.any(Optionals) as unknown,
  });
  expect(await issuesOf(check, { items: Array(most + 1).fill({}) })).toEqual([
    { path: `items.${most}`, constraints: { maxChecks: 'these are too many objects to check' } },
  ]);
  // where messages may be longer, so many more
  const roomy = classCheck(Optionals, {}, { ...DEFAULT_LIMITS, maxMessageBytes: 2 ** 21 });
  expect(await outcomeOf(roomy, { items: Array(most + 1).fill({}) })).toHaveProperty('value');
});

class Told {
  @Max(10, {
    message: ({ property, value, constraints }: ValidationArguments) => `${property} ${value} ${constraints[0]}`,
  })
  @IsIn(['a', 'b$&'], { message: '$constraint1; $value; $property; $target' })
  size!: unknown;

  @IsOptional()
  @Validate(
    class {
      validate(): boolean {
        return false;
      }
      defaultMessage(): string {
        return '$property is never right';
      }
    },
  )
  other?: unknown;
}

test('messages are those of class-validator', async () => {
  expect(await issuesOf(classCheck(Told, {}, DEFAULT_LIMITS), { size: 11 })).toEqual([
    { path: 'size', constraints: { max: 'size 11 10', isIn: 'a, b$&; 11; size; Told' } },
  ]);
});
