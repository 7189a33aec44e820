import 'reflect-metadata';
import { Transform, Type } from 'class-transformer';
import { Allow, IsDate, IsInt, IsNumber, IsObject, IsOptional, IsString, ValidateNested } from 'class-validator';
import { classCheck } from '../../src/validation/class-check';
import { PortalError } from '../../src/engine';
import { issuesOf, outcomeOf } from '../support/checks';
import { DEFAULT_LIMITS } from '../../src/engine';

abstract class Shape {
  @IsInt()
  x!: number;
}

class Circle extends Shape {
  @IsInt()
  radius!: number;
}

class Square extends Shape {
  @IsInt()
  side!: number;
}

const discriminator = {
  property: 'kind',
  subTypes: [
    { name: 'circle', value: Circle },
    { name: 'square', value: Square },
  ],
};

class Drawing {
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Shape, { discriminator })
  shapes?: Shape[];

  @IsOptional()
  @ValidateNested()
  @Type(() => Shape, { discriminator })
  shape?: Shape;
}

const NOT_NESTED = { nestedValidation: expect.any(String) as string };
const NO_KIND = { isIn: 'kind must be one of the following values: circle, square' };

describe('a discriminated union', () => {
  const check = classCheck(Drawing, {}, DEFAULT_LIMITS);

  test('becomes its classes', async () => {
    const { value } = (await outcomeOf(check, {
      shapes: [
        { kind: 'circle', x: 1, radius: 2 },
        { kind: 'square', x: 1, side: 2 },
      ],
      shape: { kind: 'circle', x: 1, radius: 2 },
    })) as { value: Drawing };
    expect(value.shapes).toEqual([
      { x: 1, radius: 2 },
      { x: 1, side: 2 },
    ]);
    expect(value.shapes![0]).toBeInstanceOf(Circle);
    expect(value.shapes![1]).toBeInstanceOf(Square);
    expect(value.shape).toBeInstanceOf(Circle);
  });

  test.each<[object, string, object]>([
    [{ shapes: [null] }, 'shapes.0', NOT_NESTED],
    [{ shapes: [1] }, 'shapes.0', NOT_NESTED],
    [{ shapes: ['circle'] }, 'shapes.0', NOT_NESTED],
    [{ shapes: [{ kind: 'star', x: 1 }] }, 'shapes.0.kind', NO_KIND],
    [{ shapes: [{ x: 1 }] }, 'shapes.0.kind', NO_KIND],
    [{ shapes: [{ kind: null, x: 1 }] }, 'shapes.0.kind', NO_KIND],
    [{ shapes: [{ kind: ['circle'], x: 1 }] }, 'shapes.0.kind', NO_KIND],
    [{ shape: { kind: 'toString', x: 1 } }, 'shape.kind', NO_KIND],
    [
      { shape: { kind: 'circle', x: 1, side: 2, radius: 1 } },
      'shape.side',
      { whitelistValidation: expect.any(String) as string },
    ],
  ])('%j is refused', async (value, path, constraints) => {
    expect(await issuesOf(check, value)).toEqual([{ path, constraints }]);
  });
});

class Fussy {
  @IsOptional()
  @Transform(({ value }) => (value as string).trim())
  @IsString()
  text?: string;

  @IsOptional()
  @Transform(({ value }) => JSON.parse(value as string) as unknown)
  @IsObject()
  json?: object;

  @IsOptional()
  @Transform(({ value }) => BigInt(value as string))
  @Allow()
  big?: bigint;

  @IsOptional()
  @Transform(() => {
    throw new PortalError('sold_out', 'None left.');
  })
  @IsString()
  own?: string;

  @IsOptional()
  @IsDate()
  @Type(() => Date)
  at?: Date;

  @IsOptional()
  @IsNumber()
  @Type(() => Number)
  count?: number;

  @IsOptional()
  @IsString()
  @Type(() => String)
  name?: string;

  @Allow()
  set level(level: number) {
    if (level > 9) throw new RangeError('too high');
  }
}

class Picky {
  static refuses = false;

  @IsInt()
  size = 1;

  constructor() {
    if (Picky.refuses) throw new Error('no more');
  }
}

describe('what is thrown for data of a client', () => {
  const check = classCheck(Fussy, {}, DEFAULT_LIMITS);

  test.each<[object, string]>([
    [{ text: 1 }, 'text'],
    [{ text: null }, 'text'],
    [{ json: '{' }, 'json'],
    [{ big: '1.5' }, 'big'],
    [{ big: {} }, 'big'],
    [{ level: 10 }, 'level'],
    [{ at: { valueOf: 1 } }, 'at.valueOf'],
    [{ at: [[]] }, 'at'],
    [{ count: Object.assign(Object.create(null), { a: 1 }) as object }, 'count'],
    [{ name: Object.assign(Object.create(null), { a: 1 }) as object }, 'name'],
  ])('%p is validation_failed', async (value, path) => {
    const issues = await issuesOf(check, value);
    expect(issues.map((issue) => issue.path)).toContain(path);
  });

  test('a constructor too', async () => {
    const picky = classCheck(Picky, {}, DEFAULT_LIMITS);
    Picky.refuses = true;
    expect(await issuesOf(picky, { size: 1 })).toEqual([
      { path: '', constraints: { transformation: 'data cannot be read' } },
    ]);
    Picky.refuses = false;
    expect(await outcomeOf(picky, { size: 1 })).toEqual({ value: { size: 1 } });
  });

  test('an error reply is what it says', () => {
    expect(() => check({ own: 'x' })).toThrow(new PortalError('sold_out', 'None left.'));
  });

  test('what is right is taken', async () => {
    const { value } = (await outcomeOf(check, { text: ' a ', json: '{}', big: '7', at: 5, count: '6' })) as {
      value: Fussy;
    };
    expect(value).toMatchObject({ text: 'a', json: {}, big: 7n, at: new Date(5), count: 6 });
  });
});

class Entry {
  @IsInt()
  n!: number;
}

class Book {
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Entry)
  entries?: Map<string, Entry>;

  @IsOptional()
  @IsInt({ each: true })
  @Type(() => Number)
  counts?: Map<string, number>;

  @IsOptional()
  @ValidateNested()
  @Type(() => Entry)
  entry?: Entry;

  @IsOptional()
  @IsObject()
  free?: Record<string, unknown>;
}

describe('names that every object has', () => {
  const check = classCheck(Book, {}, DEFAULT_LIMITS);
  const NAMES = [
    'toString',
    'valueOf',
    'hasOwnProperty',
    'constructor',
    '__proto__',
    'isPrototypeOf',
    '__defineGetter__',
    'prototype',
  ];

  test.each(NAMES)('%s is refused wherever it stands', async (name) => {
    const named = (value: unknown): object => Object.fromEntries([[name, value]]);
    const constraints = { whitelistValidation: `property ${name} should not exist` };
    const places: [object, string][] = [
      [named(1), name],
      [{ entry: { ...named(1) } }, `entry.${name}`],
      [{ entries: named({ n: 1 }) }, `entries.${name}`],
      [{ counts: named(1) }, `counts.${name}`],
      [{ free: named(1) }, `free.${name}`],
      [{ free: { list: [named(1)] } }, `free.list.0.${name}`],
    ];
    for (const [value, path] of places) {
      if (name === '__proto__' && path.startsWith('entry.')) continue;
      expect(await issuesOf(check, value)).toEqual([{ path, constraints }]);
    }
  });

  test.each(['size', 'get', 'set', 'has', 'keys', 'forEach'])('a Map refuses %s instead of losing it', async (name) => {
    const constraints = { whitelistValidation: `property ${name} should not exist` };
    expect(await issuesOf(check, { entries: { [name]: { n: 1 }, a: { n: 2 } } })).toEqual([
      { path: `entries.${name}`, constraints },
    ]);
    expect(await outcomeOf(check, { free: { [name]: 1 } })).toEqual({
      value: expect.objectContaining({ free: { [name]: 1 } }) as Book,
    });
  });

  test('a Map takes all other keys', async () => {
    const { value } = (await outcomeOf(check, {
      entries: { '': { n: 1 }, 'a.b': { n: 2 }, then: { n: 3 } },
      counts: { a: '1' },
    })) as { value: Book };
    expect(value.entries).toEqual(
      new Map([
        ['', { n: 1 }],
        ['a.b', { n: 2 }],
        ['then', { n: 3 }],
      ]),
    );
    expect(value.entries!.get('')).toBeInstanceOf(Entry);
    expect(value.counts).toEqual(new Map([['a', 1]]));
    expect(await issuesOf(check, { entries: { a: { n: 'x' } } })).toEqual([
      { path: 'entries.a.n', constraints: { isInt: expect.any(String) as string } },
    ]);
  });
});
