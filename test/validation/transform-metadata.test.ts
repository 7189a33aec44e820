import 'reflect-metadata';
import { Exclude, Expose, Transform, Type } from 'class-transformer';
import { isTransformed } from '../../src/validation/transform-metadata';
import type { Constructor } from '../../src/decorators';

class Plain {
  name!: string;
}

class Child extends Plain {
  age!: number;
}

class Typed {
  @Type(() => Date)
  name!: Date;
}

class InheritsType extends Typed {}

class Transformed {
  @Transform(({ value }) => Number(value))
  name!: number;
}

class InheritsTransform extends Transformed {}

class TransformedForGroup {
  @Transform(({ value }) => Number(value), { groups: ['admin'] })
  name!: number;
}

class TransformedOnTheWayOut {
  @Transform(({ value }) => String(value), { toPlainOnly: true })
  name!: number;
}

class Renamed {
  @Expose({ name: 'n' })
  name!: string;
}

class InheritsName extends Renamed {}

class WithoutOne {
  @Exclude()
  name!: string;
}

class InheritsExclude extends WithoutOne {}

@Exclude()
class OnlyExposed {
  name!: string;
}

@Expose()
class AllExposed {
  name!: string;
}

class ExposesAnother {
  name!: string;

  @Expose()
  get upper(): string {
    return this.name.toUpperCase();
  }
}

test.each<[Constructor, boolean]>([
  [Plain, false],
  [Child, false],
  [Typed, true],
  [InheritsType, true],
  [Transformed, true],
  [InheritsTransform, true],
  [TransformedForGroup, true],
  [TransformedOnTheWayOut, false],
  [Renamed, true],
  [InheritsName, true],
  [WithoutOne, true],
  [InheritsExclude, true],
  [OnlyExposed, true],
  [AllExposed, true],
  [ExposesAnother, true],
])('%p: %p', (type, transformed) => {
  expect(isTransformed(type, ['name'])).toBe(transformed);
});

test('what is transformed of properties that are not asked for does not count', () => {
  expect(isTransformed(Typed, [])).toBe(false);
  expect(isTransformed(Transformed, ['other'])).toBe(false);
});

describe('where class-transformer keeps it elsewhere, every class is transformed', () => {
  const ignorant = {
    getStrategy: () => 'none',
    getExposedMetadatas: () => [],
    getExcludedMetadatas: () => [],
    findTypeMetadata: () => undefined,
    findTransformMetadatas: () => [],
  };

  test.each<[string, () => unknown]>([
    ['there is no such file', () => fail()],
    ['the file has something else', () => ({})],
    ['it is a storage that knows nothing of our classes', () => ({ defaultMetadataStorage: ignorant })],
  ])('%s', (_what, load) => {
    jest.isolateModules(() => {
      jest.doMock('node:module', () => ({ createRequire: () => load }));
      const path = '../../src/validation/transform-metadata';
      const { isTransformed: told } = jest.requireActual<{ isTransformed: typeof isTransformed }>(path);
      expect(told(Plain, ['name'])).toBe(true);
      jest.dontMock('node:module');
    });
  });
});

function fail(): never {
  throw new Error('Cannot find module');
}
