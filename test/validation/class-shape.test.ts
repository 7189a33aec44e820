import 'reflect-metadata';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import { IsDefined, IsInt, IsOptional, IsString, ValidateNested, ValidatePromise } from 'class-validator';
import { classCheck } from '../../src/validation/class-check';
import { ClassShapes, Unplannable } from '../../src/validation/class-shape';
import type { Constructor } from '../../src/decorators';
import { DEFAULT_LIMITS } from '../../src/engine';
import { issuesOf, outcomeOf } from '../support/checks';

class Leaf {
  @IsString()
  name!: string;
}

class Tree {
  @IsOptional()
  @ValidateNested({ each: true })
  @Type(() => Tree)
  children?: Tree[];

  @IsOptional()
  @ValidateNested()
  @Type(() => Leaf)
  leaf?: Leaf;
}

const shapes = (): ClassShapes => new ClassShapes({ whitelist: true, forbidNonWhitelisted: true });

test('a class and all that may stand in it are laid out, itself among them', () => {
  expect(shapes().prepare(Tree)).toEqual([Tree, Leaf]);
  expect(shapes().of(Leaf).known).toEqual(new Set(['name']));
  expect(shapes().checksOf(class Bare {})).toEqual([]);
  expect(shapes().checksOf(undefined)).toEqual([]);
});

class Dynamic {
  @ValidateNested()
  @Type((help) => (help?.object.kind === 'leaf' ? Leaf : Tree))
  value!: object;
}

class Promised {
  @ValidatePromise()
  @IsString()
  text!: Promise<string>;
}

test.each<[Constructor]>([[Dynamic], [Promised]])('%p is left to the libraries', (type) => {
  expect(() => shapes().prepare(type)).toThrow(Unplannable);
  expect(classCheck(type, {}, DEFAULT_LIMITS)).toBeInstanceOf(Function);
});

test('which are bounded: so many keys, and not more', async () => {
  const check = classCheck(Dynamic, {}, { ...DEFAULT_LIMITS, maxKeys: 4 });
  expect(await outcomeOf(check, { value: { name: 'a' } })).toMatchObject({ issues: expect.any(Array) as unknown });
  expect(await issuesOf(check, { value: { a: 1, b: 1, c: 1, d: 1 } })).toEqual([
    { path: 'value', constraints: { maxKeys: 'there may be 4 properties and items at most' } },
  ]);
});

class Needy {
  @IsString()
  name: string;

  constructor(options: { name: string }) {
    this.name = options.name;
  }
}

class Holder {
  @ValidateNested()
  @Type(() => Needy)
  needy!: Needy;
}

test.each<[Constructor]>([[Needy], [Holder]])(
  '%p, of which no instance can be made, is a mistake found at once',
  (type) => {
    expect(() => classCheck(type, {}, DEFAULT_LIMITS)).toThrow(
      /^new Needy\(\) fails: TypeError: .* Messages are made instances of it/,
    );
  },
);

class Renamed {
  @Expose({ name: 'first_name' })
  @IsString()
  firstName!: string;

  @Exclude()
  @IsOptional()
  @IsInt()
  rank = 1;

  @IsDefined()
  @Transform(({ value, key, obj }) => `${key}=${String(value)} of ${Object.keys(obj as object).length}`)
  note!: string;
}

test('names, exclusions and transformations are those of class-transformer', async () => {
  const check = classCheck(Renamed, {}, DEFAULT_LIMITS);
  const { value } = (await outcomeOf(check, { first_name: 'Ann', rank: 7, note: 1 })) as { value: Renamed };
  expect(value).toBeInstanceOf(Renamed);
  expect(value).toEqual({ firstName: 'Ann', rank: 1, note: 'note=1 of 3' });
});
