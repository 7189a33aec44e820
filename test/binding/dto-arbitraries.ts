import 'reflect-metadata';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import * as cv from 'class-validator';
import type { ValidationOptions } from 'class-validator';
import * as fc from 'fast-check';

/** What makes a property decorator of class-validator, and values that it accepts. */
type Rule = readonly [
  name: string,
  make: (options?: ValidationOptions) => PropertyDecorator,
  valid: readonly unknown[],
];

function custom(name: string, validate: (value: unknown) => unknown, async = false) {
  return (options?: ValidationOptions): PropertyDecorator =>
    (prototype, property) =>
      cv.registerDecorator({
        name,
        target: prototype.constructor,
        propertyName: String(property),
        async,
        ...(options && { options }),
        validator: { validate: validate as (value: unknown) => boolean },
      });
}

@cv.ValidatorConstraint({ name: 'longerThan' })
class LongerThan implements cv.ValidatorConstraintInterface {
  validate(value: unknown, args?: cv.ValidationArguments): boolean {
    const [length] = (args?.constraints ?? [0]) as [number];
    return String(value).length > length && args?.targetName !== '';
  }
}

/** Nothing registered it, so class-validator finds nothing to ask. */
class NoConstraint {
  validate(): boolean {
    return false;
  }
}

/** Those that look at a value at once: classes that have no others are flat. */
const FLAT_RULES: Rule[] = [
  ['IsString', cv.IsString, ['', 'a']],
  ['IsNumber', (o) => cv.IsNumber({}, o), [1, 0.5]],
  ['IsInt', cv.IsInt, [0, -3]],
  ['IsBoolean', cv.IsBoolean, [true, false]],
  ['IsIn', (o) => cv.IsIn(['a', 1, null], o), ['a', 1, null]],
  ['IsNotIn', (o) => cv.IsNotIn(['a', 1], o), ['b', true]],
  ['IsEnum', (o) => cv.IsEnum({ A: 'a', B: 2 }, o), ['a', 2]],
  ['Equals', (o) => cv.Equals('a', o), ['a']],
  ['NotEquals', (o) => cv.NotEquals('a', o), ['b', 0]],
  ['IsEmpty', cv.IsEmpty, ['', null]],
  ['IsNotEmpty', cv.IsNotEmpty, ['a', 0]],
  ['Min', (o) => cv.Min(0, o), [0, 7]],
  ['Max', (o) => cv.Max(10, o), [10, -7]],
  ['IsPositive', cv.IsPositive, [1]],
  ['IsNegative', cv.IsNegative, [-1]],
  ['IsDivisibleBy', (o) => cv.IsDivisibleBy(2, o), [4]],
  ['Length', (o) => cv.Length(1, 5, o), ['abc']],
  ['MinLength', (o) => cv.MinLength(2, o), ['ab']],
  ['MaxLength', (o) => cv.MaxLength(2, o), ['', 'ab']],
  ['IsByteLength', (o) => cv.IsByteLength(0, 4, o), ['é']],
  ['Matches', (o) => cv.Matches(/^a/, o), ['ab']],
  ['Contains', (o) => cv.Contains('a', o), ['ba']],
  ['NotContains', (o) => cv.NotContains('a', o), ['b']],
  ['IsAlpha', (o) => cv.IsAlpha('en-US', o), ['ab']],
  ['IsAlphanumeric', (o) => cv.IsAlphanumeric('en-US', o), ['a1']],
  ['IsAscii', cv.IsAscii, ['a']],
  ['IsLowercase', cv.IsLowercase, ['a']],
  ['IsUppercase', cv.IsUppercase, ['A']],
  ['IsEmail', (o) => cv.IsEmail({}, o), ['ann@example.com']],
  ['IsUrl', (o) => cv.IsUrl({}, o), ['https://example.com/']],
  ['IsUUID', (o) => cv.IsUUID('all', o), ['f81d4fae-7dec-11d0-a765-00a0c91e6bf6']],
  ['IsNumberString', (o) => cv.IsNumberString({}, o), ['12']],
  ['IsBooleanString', cv.IsBooleanString, ['true']],
  ['IsDateString', (o) => cv.IsDateString({}, o), ['2026-02-03']],
  ['IsISO8601', (o) => cv.IsISO8601({}, o), ['2026-02-03']],
  ['IsJSON', cv.IsJSON, ['{}']],
  ['IsBase64', (o) => cv.IsBase64({}, o), ['YQ==']],
  ['IsHexadecimal', cv.IsHexadecimal, ['ff']],
  ['IsHexColor', cv.IsHexColor, ['#fff']],
  ['IsIP', (o) => cv.IsIP(4, o), ['127.0.0.1']],
  ['IsPort', cv.IsPort, ['80']],
  ['IsFQDN', (o) => cv.IsFQDN({}, o), ['example.com']],
  ['IsLatitude', cv.IsLatitude, [51.5, '51.5']],
  ['IsLatLong', cv.IsLatLong, ['51.5,0.1']],
  ['IsMongoId', cv.IsMongoId, ['507f1f77bcf86cd799439011']],
  ['IsSemVer', cv.IsSemVer, ['1.2.3']],
  ['IsTimeZone', cv.IsTimeZone, ['Europe/London']],
  ['IsISO31661Alpha2', cv.IsISO31661Alpha2, ['GB']],
  ['Validate', (o) => cv.Validate(LongerThan, [1], o), ['ab', 12]],
  ['Validate without arguments', (o) => cv.Validate(LongerThan, o), ['a']],
  ['Validate by what is no constraint', (o) => cv.Validate(NoConstraint, o), [null, 'a']],
  ['a validator of one’s own', custom('own', (value) => value !== 'a'), ['b', null]],
  ['IsOptional', cv.IsOptional, [null, undefined]],
  ['ValidateIf', (o) => cv.ValidateIf((_object, value) => value !== 'b', o), ['b']],
  ['ValidateIf of another', (o) => cv.ValidateIf((object: { a?: unknown }) => object.a !== 1, o), ['b']],
  ['Allow', cv.Allow, [1, 'a', null]],
];

/** Those for which only class-validator can speak, always or for some values. */
const OTHER_RULES: Rule[] = [
  ['IsDefined', cv.IsDefined, ['a', 0]],
  ['IsDate', cv.IsDate, [new Date(0)]],
  ['MinDate', (o) => cv.MinDate(new Date(0), o), [new Date(1)]],
  ['IsArray', cv.IsArray, [[], ['a']]],
  ['ArrayNotEmpty', cv.ArrayNotEmpty, [['a']]],
  ['ArrayMaxSize', (o) => cv.ArrayMaxSize(1, o), [['a']]],
  ['ArrayUnique', (o) => cv.ArrayUnique((item) => item as unknown, o), [['a', 'b']]],
  ['IsObject', cv.IsObject, [{}]],
  ['IsNotEmptyObject', (o) => cv.IsNotEmptyObject({}, o), [{ a: 1 }]],
  ['IsInstance', (o) => cv.IsInstance(Date, o), [new Date(0)]],
  ['ValidateNested', cv.ValidateNested, [{}]],
  ['ValidatePromise', cv.ValidatePromise, ['a']],
  ['a validator that answers 1', custom('truthy', (value) => (value === 'a' ? 1 : 0)), ['a']],
  ['a validator that says that it needs time', custom('later', (value) => Promise.resolve(value === 'a'), true), ['a']],
  ['a validator that needs time', custom('secretly', (value) => Promise.resolve(value === 'a')), ['a']],
];

const OPTIONS: (ValidationOptions | undefined)[] = [
  undefined,
  undefined,
  { each: true },
  { groups: ['g'] },
  { always: true },
  { message: 'no' },
  { validateIf: (_object, value) => value !== 'skip' },
];

const TRANSFORMERS: readonly (readonly [name: string, make: () => PropertyDecorator & ClassDecorator])[] = [
  ['Type Number', () => Type(() => Number) as never],
  ['Type Date', () => Type(() => Date) as never],
  ['Transform', () => Transform(({ value }) => (value === 'a' ? 'b' : (value as unknown))) as never],
  ['Transform on the way out', () => Transform(() => 'out', { toPlainOnly: true }) as never],
  ['Expose', () => Expose()],
  ['Expose by another name', () => exposedByAnotherName],
  ['Expose to a group', () => Expose({ groups: ['g'] })],
  ['Exclude', () => Exclude()],
  ['Exclude on the way out', () => Exclude({ toPlainOnly: true })],
];

/** No two properties of a class by the same: class-transformer fills one of them. */
function exposedByAnotherName(target: object, property?: string | symbol): void {
  Expose({ name: property === 'a' ? 'alias' : `alias of ${String(property)}` })(target, property!);
}

type Member = 'field' | 'default' | 'method' | 'getter' | 'accessor' | 'arrow';

interface PropertySpec {
  readonly name: string;
  /** What its decorators accept, as a rule. */
  readonly fitting: unknown;
  readonly member: Member;
  /** Of a `default` member. */
  readonly initial: unknown;
  readonly rules: readonly { readonly rule: Rule; readonly options: ValidationOptions | undefined }[];
  readonly transformer: (typeof TRANSFORMERS)[number] | undefined;
}

export interface ClassSpec {
  readonly own: readonly PropertySpec[];
  readonly inherited: readonly PropertySpec[];
  readonly classTransformer: (typeof TRANSFORMERS)[number] | undefined;
}

export type Dto = new () => object;

/** Declares a class as the compiler would have done it. */
export function classOf({ own, inherited, classTransformer }: ClassSpec): Dto {
  const base = inherited.length === 0 ? Object : extend(Object, inherited);
  const dto = extend(base, own);
  classTransformer?.[1]()(dto);
  return dto;
}

function extend(base: new () => object, properties: readonly PropertySpec[]): Dto {
  const Dto = class extends base {
    constructor() {
      super();
      for (const { name, member, initial } of properties) {
        if (member === 'field') define(this, name, undefined);
        if (member === 'default') define(this, name, initial);
        if (member === 'arrow') define(this, name, constantA);
      }
    }
  };
  for (const { name, member, rules, transformer } of properties) {
    const { prototype } = Dto;
    const hidden = `_${name}`;
    if (member === 'method')
      Object.defineProperty(prototype, name, { value: constantA, writable: true, configurable: true });
    if (member === 'getter') Object.defineProperty(prototype, name, { get: constantA, configurable: true });
    if (member === 'accessor') {
      Object.defineProperty(prototype, name, {
        get: constantA,
        set(this: object, value: unknown) {
          Object.defineProperty(this, hidden, { value, configurable: true });
        },
        configurable: true,
      });
    }
    for (const { rule, options } of rules) rule[1](options)(prototype, name);
    transformer?.[1]()(prototype, name);
  }
  return Dto;
}

function constantA(): string {
  return 'a';
}

function define(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, writable: true, enumerable: true, configurable: true });
}

const NAMES = ['a', 'b', 'c', 'd'];
const PRIMITIVES = ['', 'a', 'b', 'skip', 'ab', '12', 'true', 0, 1, -1, 2.5, Infinity, true, false, null, undefined];
const OBJECTS: object[] = [{}, [], ['a'], [1, ''], { a: 1 }, { constructor: 1 }, new Date(0), new Uint8Array(2)];
const ODD_NAMES = ['alias', '_a', 'x', '', '0', 'then', 'toString', 'hasOwnProperty', 'prototype', '__proto__'];

/** Decorators by the values that they accept, so that those of one property do not exclude each other as a rule. */
const RULES_FOR = rulesByValue();

function rulesByValue(): Map<unknown, Rule[]> {
  const table = new Map<unknown, Rule[]>();
  for (const rule of FLAT_RULES) {
    class Probe {
      constructor(readonly property: unknown) {}
    }
    rule[1]()(Probe.prototype, 'property');
    for (const value of [...PRIMITIVES, ...FLAT_RULES.flatMap(([, , valid]) => valid)]) {
      const fits = rule[2].includes(value) || cv.validateSync(new Probe(value)).length === 0;
      if (fits) table.set(value, [...new Set([...(table.get(value) ?? []), rule])]);
    }
  }
  return table;
}

/** `varied`: now and then members that are no fields, and what class-validator alone can judge. */
function properties(varied: boolean): fc.Arbitrary<PropertySpec[]> {
  const mostly = <T>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
    fc.oneof({ weight: 20, arbitrary: usual }, { weight: varied ? 1 : 0, arbitrary: other });
  const ruled = (rules: readonly Rule[]) =>
    fc.record({ rule: fc.constantFrom(...rules), options: fc.constantFrom(...OPTIONS) });
  const rulesFor = (value: unknown) =>
    fc.array(mostly(ruled(RULES_FOR.get(value)!), ruled([...FLAT_RULES, ...OTHER_RULES])), {
      minLength: 1,
      maxLength: 3,
    });
  const property = fc.constantFrom(...RULES_FOR.keys()).chain((fitting) =>
    fc.record<PropertySpec>({
      name: fc.constantFrom(...NAMES),
      fitting: fc.constant(fitting),
      member: mostly<Member>(fc.constant('field'), fc.constantFrom('default', 'default', ...OTHER_MEMBERS)),
      initial: fc.constantFrom<unknown>(fitting, fitting, 'a', null, undefined, [], [''], ['a', 1], {}, new Date(0)),
      rules: mostly<PropertySpec['rules']>(rulesFor(fitting), fc.constant([])),
      transformer: mostly(fc.constant(undefined), fc.constantFrom(...TRANSFORMERS)),
    }),
  );
  return fc.uniqueArray(property, { selector: ({ name }) => name, minLength: 1, maxLength: 3 });
}

const OTHER_MEMBERS: Member[] = ['method', 'getter', 'accessor', 'arrow'];

function specs(varied: boolean): fc.Arbitrary<ClassSpec> {
  const transformer = fc.constantFrom(...TRANSFORMERS.slice(4));
  return fc.record({
    own: properties(varied),
    inherited: fc.oneof(fc.constant([]), properties(varied)),
    classTransformer: varied ? seldom(15, transformer) : fc.constant(undefined),
  });
}

/** Once in `times`. */
function seldom<T>(times: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: times - 1, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}

/** Classes of fields with decorators that look at a value at once, and nothing else. */
export const flatClasses = specs(false);

export const anyClasses = specs(true);

/** Values for a class: what its decorators accept as a rule, and what was made of that. */
export function valuesFor({ own, inherited }: ClassSpec): fc.Arbitrary<object> {
  const fitting = [...inherited, ...own].map(({ name, fitting, rules }) => {
    const valid = rules.flatMap(({ rule }) => rule[2]);
    const value = fc.oneof(
      { weight: 20, arbitrary: fc.constant(fitting) },
      { weight: 3, arbitrary: fc.constantFrom<unknown>(...valid, ...PRIMITIVES) },
      { weight: 1, arbitrary: fc.constantFrom<unknown>(...OBJECTS) },
    );
    return fc.tuple(fc.constant(name), fc.option(value, { nil: ABSENT, freq: 12 }));
  });
  const odd = fc.tuple(fc.constantFrom(...NAMES, ...ODD_NAMES), fc.constantFrom<unknown>(...PRIMITIVES, ...OBJECTS));
  const plain = fc
    .tuple(fc.tuple(...fitting), seldom(6, odd))
    .map(([entries, more]) => [...entries, ...(more ? [more] : [])].filter(([, value]) => value !== ABSENT))
    // own properties, `__proto__` among them
    .map((entries) => Object.fromEntries(entries) as object);
  const others = fc.constantFrom<object>(
    new Date(0),
    new Map(),
    new Set(['a']),
    [],
    [1],
    Object.create(null) as object,
  );
  return fc.oneof({ weight: 15, arbitrary: plain }, { weight: 1, arbitrary: others });
}

const ABSENT = Symbol('absent');
