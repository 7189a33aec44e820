import 'reflect-metadata';
import { Transform, Type } from 'class-transformer';
import { IsOptional, IsString, ValidateIf, ValidateNested, ValidatePromise } from 'class-validator';
import { classCheck } from '../../src/validation/class-check';
import { ForbiddenError } from '../../src/engine';
import { issuesOf, outcomeOf } from '../support/checks';
import { DEFAULT_LIMITS } from '../../src/engine';

/** Jest's own copy of `process` hears nothing of these events. */
const outerProcess = (Buffer.constructor as (code: string) => () => NodeJS.Process)('return process')();

const late = (): Promise<never> => Promise.reject(new Error('late'));

class Name {
  @IsString()
  first!: string;

  @IsString()
  get upper(): string {
    return this.first.toUpperCase();
  }
}

class Guarded {
  @IsString()
  get secret(): string {
    throw new ForbiddenError('not this one');
  }
}

class Person {
  @ValidateNested()
  @Type(() => Name)
  name!: Name;
}

class People {
  @ValidateNested({ each: true })
  @Type(() => Name)
  names!: Name[];
}

const unread = (path: string): object => ({ path, constraints: { transformation: `${path} cannot be read` } });

test.each([
  ['a wrong value', Name, { first: 5 }, 'upper'],
  ['no value', Name, {}, 'upper'],
  ['a nested object', Person, { name: { first: 5 } }, 'name.upper'],
  ['one of several', People, { names: [{ first: 'a' }, {}] }, 'names.1.upper'],
])('a getter that throws for %s is an issue of what the peer sent', async (_what, type, value, path) => {
  expect(await issuesOf(classCheck(type, {}, DEFAULT_LIMITS), value)).toContainEqual(unread(path));
});

/** Only class-validator itself can check it. */
class Promised {
  @ValidatePromise()
  @IsOptional()
  waited?: unknown;
}

class PromisedName extends Promised {
  @ValidateNested()
  @Type(() => Name)
  name!: Name;
}

test('so it is where only the libraries can check a class', async () => {
  expect(await issuesOf(classCheck(PromisedName, {}, DEFAULT_LIMITS), { name: { first: 5 } })).toContainEqual(
    unread('name.upper'),
  );
  expect(await outcomeOf(classCheck(PromisedName, {}, DEFAULT_LIMITS), { name: { first: 'a' } })).toMatchObject({
    value: { name: { upper: 'A' } },
  });
});

test('a getter that gives something is asked as before', async () => {
  expect(await outcomeOf(classCheck(Name, {}, DEFAULT_LIMITS), { first: 'a' })).toMatchObject({
    value: { upper: 'A' },
  });
});

test('an error reply that a getter throws is told', async () => {
  const check = classCheck(Guarded, {}, DEFAULT_LIMITS);
  expect(() => check({})).toThrow(ForbiddenError);
});

class Transformed {
  @Transform(late)
  @IsOptional()
  text?: string;
}

class Conditional {
  @ValidateIf(late as never)
  @IsString()
  text!: string;
}

class ConditionalOption {
  @IsString({ validateIf: late as never })
  text!: string;
}

class NestedConditional {
  @ValidateNested()
  @Type(() => Conditional)
  inside!: Conditional;
}

class Told {
  @IsString({ message: late as never })
  text!: string;
}

class PromisedTransformed extends Promised {
  @Transform(late)
  @IsOptional()
  text?: string;
}

class PromisedConditional extends Promised {
  @ValidateIf(late as never)
  @IsString({ message: late as never })
  text!: string;
}

test.each<[string, new () => object, object]>([
  ['a @Transform, where only the libraries can check', PromisedTransformed, { text: 'a' }],
  ['a condition, where only the libraries can check', PromisedConditional, { text: 'a' }],
  ['a message, where only the libraries can check', PromisedConditional, { text: 5 }],
  ['a @Transform', Transformed, { text: 'a' }],
  ['the condition of a @ValidateIf', Conditional, { text: 'a' }],
  ['the condition of a @ValidateIf, for what is wrong', Conditional, { text: 5 }],
  ['the condition of a nested object', NestedConditional, { inside: { text: 'a' } }],
  ['the condition of a decorator', ConditionalOption, { text: 'a' }],
  ['a message', Told, { text: 5 }],
])('%s that is asynchronous and rejects is nobody’s failure', async (_what, type, value) => {
  const unhandled = jest.fn();
  outerProcess.on('unhandledRejection', unhandled);
  await outcomeOf(classCheck(type, {}, DEFAULT_LIMITS), value);
  await new Promise((resolve) => setImmediate(resolve));
  outerProcess.off('unhandledRejection', unhandled);
  expect(unhandled).not.toHaveBeenCalled();
});
