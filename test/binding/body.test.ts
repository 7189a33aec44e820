import { IsString } from 'class-validator';
import * as z from 'zod';
import { eventBody, messageBody, type Body, type BodyDeclaration } from '../../src/binding/body';
import { BootError, MessageStream } from '../../src';
import { issuesOf, outcomeOf } from '../support/checks';
import { DEFAULT_LIMITS } from '../../src/engine';

class Dto {
  @IsString()
  name!: string;
}

class Undecorated {
  name!: string;
}

class WithSchema {
  static readonly '~standard' = z.object({ name: z.string() })['~standard'];
}

function declare(declaration: Partial<BodyDeclaration>): BodyDeclaration {
  return {
    place: 'Chat.join, parameter 1 (body)',
    type: undefined,
    shape: undefined,
    field: undefined,
    validation: {},
    limits: DEFAULT_LIMITS,
    ...declaration,
  };
}

function message(type: unknown, more: Partial<BodyDeclaration> = {}): Body {
  return messageBody(declare({ type, ...more }));
}

function event(type: unknown, more: Partial<BodyDeclaration> = {}): Body {
  return eventBody(declare({ type, ...more }));
}

function bootErrorOf(bind: () => unknown): string {
  try {
    bind();
  } catch (error) {
    if (error instanceof BootError) return error.message;
    throw error;
  }
  throw new Error('it was bound');
}

describe('a message that is no event', () => {
  test.each<[string, unknown, Body['type']]>([
    ['String', String, 'text'],
    ['Uint8Array', Uint8Array, 'binary'],
    ['Buffer', Buffer, 'binary'],
    ['MessageStream', MessageStream, 'stream'],
    ['Object', Object, 'any'],
    ['no emitted type', undefined, 'any'],
  ])('declared as %s is handed over unchecked', (_name, type, expected) => {
    expect(message(type)).toEqual({ type: expected, check: undefined, mayWait: false });
  });

  test('declared as a validated class is what the codec makes of it', async () => {
    const body = message(Dto);
    expect(body).toMatchObject({ type: 'value', mayWait: true });
    expect(await outcomeOf(body.check!, { name: 'ann' })).toStrictEqual({
      value: Object.assign(new Dto(), { name: 'ann' }),
    });
  });

  test('of which one field is bound is what the codec makes of it, whatever the type', async () => {
    for (const type of [String, Uint8Array, Number, Array, Dto]) {
      expect(message(type, { field: 'f' }).type).toBe('value');
    }
    expect(message(undefined, { field: 'f' })).toEqual({ type: 'value', check: undefined, mayWait: false });
    expect(await issuesOf(message(String, { field: 'f' }).check!, 1)).toEqual([
      { path: 'f', constraints: { isString: 'f must be a string' } },
    ]);
  });

  test.each<[unknown, string]>([
    [Number, 'Number'],
    [Boolean, 'Boolean'],
    [BigInt, 'BigInt'],
    [Symbol, 'Symbol'],
    [Array, 'Array'],
    [Promise, 'Promise'],
    [Map, 'Map'],
    [Set, 'Set'],
    [Date, 'Date'],
    [RegExp, 'RegExp'],
  ])('is no %p', (type, name) => {
    expect(bootErrorOf(() => message(type))).toBe(
      `Chat.join, parameter 1 (body): a message is a string, a Uint8Array or what its codec makes of it, no ${name}.`,
    );
  });
});

describe('a message with a schema', () => {
  test.each<[unknown, Body['type']]>([
    [String, 'text'],
    [Buffer, 'binary'],
    [Uint8Array, 'binary'],
    [Object, 'value'],
    [undefined, 'value'],
    [Number, 'value'],
    [Dto, 'value'],
  ])('declared as %p is of that kind', async (type, expected) => {
    const body = message(type, { shape: z.literal('x') });
    expect(body).toMatchObject({ type: expected, mayWait: true });
    expect(await outcomeOf(body.check!, 'x')).toEqual({ value: 'x' });
    expect(await issuesOf(body.check!, 'y')).toHaveLength(1);
  });

  test('is no MessageStream', () => {
    expect(bootErrorOf(() => message(MessageStream, { shape: z.string() }))).toBe(
      'Chat.join, parameter 1 (body): no schema checks a MessageStream, which is still to come.',
    );
  });
});

describe('the data of an event', () => {
  test.each([String, Number, Boolean, Array, Date, Uint8Array, Buffer])('declared as %p is checked at once', (type) => {
    const body = event(type);
    expect(body).toMatchObject({ type: 'value', mayWait: false });
    expect(() => body.check!({})).toThrow('The message is not valid.');
  });

  test.each([Object, undefined])('declared as %p is whatever comes', (type) => {
    expect(event(type)).toEqual({ type: 'value', check: undefined, mayWait: false });
  });

  test('declared as a validated class is an instance of it', async () => {
    expect(await outcomeOf(event(Dto).check!, { name: 'ann' })).toEqual({
      value: Object.assign(new Dto(), { name: 'ann' }),
    });
  });

  test.each<[unknown, string]>([
    [BigInt, 'no codec makes a BigInt.'],
    [Map, 'no codec makes a Map.'],
    [Set, 'no codec makes a Set.'],
    [Promise, 'no codec makes a Promise.'],
    [MessageStream, 'the data of an event is no MessageStream.'],
  ])('is no %p', (type, reason) => {
    expect(bootErrorOf(() => event(type))).toBe(`Chat.join, parameter 1 (body): ${reason}`);
  });
});

describe.each([
  ['a message', message],
  ['an event', event],
])('%s', (_what, bind) => {
  test('is validated by the schema that the decorator names, whatever the type', async () => {
    const body = bind(Object, { shape: z.object({ n: z.number().transform(String) }) });
    expect(body).toMatchObject({ type: 'value', mayWait: true });
    expect(await outcomeOf(body.check!, { n: 1 })).toEqual({ value: { n: '1' } });
  });

  test('is validated by the schema that its class carries', async () => {
    expect(await issuesOf(bind(WithSchema).check!, { name: 1 })).toMatchObject([{ path: 'name' }]);
    expect(await issuesOf(bind(WithSchema, { field: 'user' }).check!, { name: 1 })).toMatchObject([
      { path: 'user.name' },
    ]);
  });

  test('is the class that the decorator tells, in place of the emitted type', async () => {
    expect(await issuesOf(bind(Object, { shape: () => Dto }).check!, { name: 1 })).toEqual([
      { path: 'name', constraints: { isString: 'name must be a string' } },
    ]);
  });

  test('gets the validation options of the application', async () => {
    const { check } = bind(Dto, { validation: { forbidNonWhitelisted: false } });
    expect(await outcomeOf(check!, { name: 'ann', more: 1 })).toEqual({
      value: Object.assign(new Dto(), { name: 'ann' }),
    });
  });

  test.each<[string, Partial<BodyDeclaration>, string]>([
    [
      'a class that nothing is known of',
      { type: Undecorated },
      'Undecorated has no decorators of class-validator, so nothing would be checked. Decorate its properties, or add ' +
        'it to the providers of a module if it is one.',
    ],
    [
      'a class imported as a type',
      { type: Function },
      'its type came out as Function, as that of a class imported with `import type` does. Import it as a value, or ' +
        'write @MessageBody(() => Dto).',
    ],
    [
      'a class in place of a function that returns it',
      { shape: Dto as never },
      'write @MessageBody(() => Dto), or give it a schema with "~standard".',
    ],
    [
      'something that is neither',
      { shape: {} as never },
      'write @MessageBody(() => Dto), or give it a schema with "~standard".',
    ],
    [
      'a function that returns nothing',
      { shape: (() => undefined) as never },
      'the function given to @MessageBody returns no class; files that import each other are the usual cause.',
    ],
  ])('%s is refused at boot', (_name, declaration, reason) => {
    expect(bootErrorOf(() => bind(declaration.type, declaration))).toBe(`Chat.join, parameter 1 (body): ${reason}`);
  });
});
