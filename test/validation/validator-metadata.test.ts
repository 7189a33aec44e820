import { Allow, IsDefined, IsOptional, IsString, MinLength, ValidateNested } from 'class-validator';
import {
  ALLOWED,
  CONDITIONAL,
  constraintsOf,
  CUSTOM,
  DEFINED,
  NESTED,
  validatorsByProperty,
  validatorsOf,
} from '../../src/validation/validator-metadata';

class Base {
  @IsString()
  id!: string;
}

class Dto extends Base {
  @MinLength(3, { groups: ['new'] })
  name!: string;
  @IsOptional()
  @IsString({ always: true })
  note?: string;
  @IsDefined()
  @ValidateNested()
  base!: Base;
  @Allow()
  rest: unknown;
}

const kinds = (type: unknown, options?: Parameters<typeof validatorsByProperty>[1]): Record<string, string[]> =>
  Object.fromEntries(
    validatorsByProperty(type, options).map(([name, all]) => [name, all.map(({ type }) => type).sort()]),
  );

test('class-validator keeps the decorators of a class and of its bases, each with its type', () => {
  expect(kinds(Dto)).toEqual({
    id: [CUSTOM],
    name: [CUSTOM],
    note: [CONDITIONAL, CUSTOM],
    base: [DEFINED, NESTED],
    rest: [ALLOWED],
  });
});

test('with groups, those of the groups count, and those that always do', () => {
  expect(kinds(Dto, { groups: ['new'] })).toEqual({ name: [CUSTOM], note: [CUSTOM] });
  expect(kinds(Dto, { groups: ['other'], always: true })).toMatchObject({ id: [CUSTOM], note: [CONDITIONAL, CUSTOM] });
});

test('a decorator has its validator, arguments, property and message', () => {
  const [metadata] = validatorsOf(Dto).filter(({ propertyName }) => propertyName === 'name');
  const [constraint, ...more] = constraintsOf(metadata!);
  expect(more).toEqual([]);
  expect(constraint!.async).toBe(false);
  expect(metadata!.constraints).toEqual([3]);
  const about = { value: '', constraints: [3], targetName: 'Dto', object: {}, property: 'name' };
  expect(constraint!.instance.validate('ab', about)).toBe(false);
  expect(constraint!.instance.validate('abc', about)).toBe(true);
});

test.each([[class {}], [undefined], ['Dto'], [{}]])('%p has none', (type) => {
  expect(validatorsOf(type)).toEqual([]);
  expect(validatorsByProperty(type)).toEqual([]);
});
