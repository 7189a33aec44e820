import type { ValidatorConstraintInterface, ValidatorOptions } from 'class-validator';
import type { Constructor } from '../decorators';
import {
  PLAIN_TO_CLASS,
  transformStorage,
  type TransformMetadata,
  type TransformStorage,
  type TypeMetadata,
} from './transform-metadata';
import {
  ALLOWED,
  CONDITIONAL,
  constraintsOf,
  CUSTOM,
  DEFINED,
  NESTED,
  validatorsByProperty,
  type ConstraintMetadata,
  type ValidatorMetadata,
} from './validator-metadata';

type Condition = (object: object, value: unknown) => boolean;

/** One decorator of a property, such as `@IsString()`. */
export interface ShapeCheck {
  readonly metadata: ValidatorMetadata;
  readonly found: ConstraintMetadata;
  /** Made at the first message by class-validator's container, which may be the application's then. */
  constraint?: ValidatorConstraintInterface;
  /** True where it is called for a missing value too, whatever `skipMissingProperties` says. */
  readonly always: boolean;
}

/** class-validator's decorators of a property. */
export interface CheckedProperty {
  readonly name: string;
  readonly conditions: readonly Condition[];
  readonly checks: readonly ShapeCheck[];
  /** Those of its `@ValidateNested()`. */
  readonly nested: ValidatorMetadata | undefined;
  /** The type that the compiler emitted. */
  readonly declared: unknown;
}

/** The type that `@Type` gives the values of a property. `into` is the type that the compiler emitted. */
export type Conversion = (
  | { readonly to: 'value'; readonly type: unknown }
  | { readonly to: 'class'; readonly type: Constructor }
  | { readonly to: 'kind'; readonly property: string; readonly keeps: boolean; readonly kinds: Kinds }
) & { readonly into: unknown };

/** The classes of a `@Type` with a discriminator, by the discriminator's value. */
export type Kinds = ReadonlyMap<unknown, Constructor>;

/** A property of a message and its conversion. */
export interface IncomingProperty {
  /** Its name in the class. */
  readonly name: string;
  readonly conversion: Conversion | undefined;
  readonly transforms: readonly TransformMetadata['transformFn'][];
  /** True where class-validator checks the objects in it, as `@ValidateNested()` demands. */
  readonly isNested: boolean;
  /** False where the class has a method or a getter of this name. */
  readonly settable: boolean;
  /** True where setting it calls code of the application. */
  readonly callsCode: boolean;
}

/** Types to which a value is converted as it is. */
const VALUE_TYPES = new Set<unknown>([String, Number, Boolean, Date, Buffer]);

/** Types whose conversion by class-transformer is not repeated here. */
const OTHER_TYPES = new Set<unknown>([Array, Map, Set, WeakMap, WeakSet, Promise, Function, Symbol, BigInt, RegExp]);

/** A class needs class-transformer or class-validator itself. */
export class Unplannable extends Error {}

/** The properties of a class by its decorators, laid out once. */
export class ClassShape {
  /** Properties that class-validator knows. */
  readonly known: ReadonlySet<string>;
  /** Keys of `@Expose`, which are visited where they are absent too. */
  readonly exposed: readonly string[];
  private readonly incoming = new Map<string, IncomingProperty>();
  private readonly excluded: ReadonlySet<string>;
  private readonly onlyExposed: boolean;
  private readonly nestedNames: ReadonlySet<string>;
  private readonly storage: TransformStorage;

  /** @throws Unplannable */
  constructor(
    readonly type: Constructor,
    readonly checked: readonly CheckedProperty[],
  ) {
    const storage = transformStorage();
    if (storage === undefined) throw new Unplannable();
    this.storage = storage;
    this.known = new Set(checked.map(({ name }) => name));
    this.nestedNames = new Set(checked.flatMap(({ name, nested }) => (nested === undefined ? [] : [name])));
    this.onlyExposed = storage.getStrategy(type) === 'excludeAll';
    const names = storage.getExposedProperties(type, PLAIN_TO_CLASS);
    const aliases = new Map(names.map((name) => [storage.findExposeMetadata(type, name)?.options?.name ?? name, name]));
    const hidden = [...this.known, ...aliases.keys()].filter((key) => this.isForGroups(key));
    this.excluded = new Set([...storage.getExcludedProperties(type, PLAIN_TO_CLASS), ...hidden]);
    this.exposed = [...aliases.keys()].filter((key) => !this.excluded.has(key));
    for (const name of this.known) this.incoming.set(name, this.property(name));
    for (const [key, name] of aliases) this.incoming.set(key, this.property(name));
  }

  /** Classes of which properties are made. */
  get nested(): Constructor[] {
    return [...this.incoming.values()].flatMap(({ conversion }) => {
      if (conversion?.to === 'class') return [conversion.type];
      return conversion?.to === 'kind' ? [...conversion.kinds.values()] : [];
    });
  }

  /** True for a property of a message that `@Exclude` passes over. */
  passesOver(key: string): boolean {
    return this.excluded.has(key) || (this.onlyExposed && !this.exposed.includes(key));
  }

  take(key: string): IncomingProperty {
    return this.incoming.get(key) ?? this.property(key);
  }

  private isForGroups(key: string): boolean {
    return (this.storage.findExposeMetadata(this.type, key)?.options?.groups ?? []).length > 0;
  }

  private property(name: string): IncomingProperty {
    const { type, storage } = this;
    const metadata = storage.findTypeMetadata(type, name);
    const transforms = storage.findTransformMetadatas(type, name, PLAIN_TO_CLASS);
    const applied = transforms.filter(({ options }) => !options?.groups?.length).map(({ transformFn }) => transformFn);
    const descriptor = findDescriptor(type.prototype as object, name);
    return {
      name,
      conversion: metadata && conversionBy(metadata),
      transforms: applied,
      isNested: this.nestedNames.has(name),
      settable: descriptor === undefined || descriptor.set !== undefined,
      callsCode: applied.length > 0 || descriptor !== undefined,
    };
  }
}

/** The shapes of all classes that messages become, under one set of options. */
export class ClassShapes {
  private readonly shapes = new Map<Constructor, ClassShape>();
  private readonly checked = new Map<unknown, readonly CheckedProperty[]>();

  constructor(readonly settings: ValidatorOptions) {}

  /** Lays out a class and all classes of its properties. @throws Unplannable */
  prepare(root: Constructor): readonly Constructor[] {
    const seen = new Set([root]);
    for (const type of seen) for (const nested of this.of(type).nested) seen.add(nested);
    return [...seen];
  }

  /** @throws Unplannable */
  of(type: Constructor): ClassShape {
    let shape = this.shapes.get(type);
    if (shape === undefined) this.shapes.set(type, (shape = new ClassShape(type, this.checksOf(type))));
    return shape;
  }

  /** An empty list for a class without decorators of class-validator. @throws Unplannable */
  checksOf(type: unknown): readonly CheckedProperty[] {
    let checked = this.checked.get(type);
    if (checked === undefined) this.checked.set(type, (checked = this.findChecks(type)));
    return checked;
  }

  private findChecks(type: unknown): CheckedProperty[] {
    if (typeof type !== 'function') return [];
    return validatorsByProperty(type, this.settings).map(([name, metadata]) =>
      checkedProperty(type as Constructor, name, metadata),
    );
  }
}

function checkedProperty(type: Constructor, name: string, all: readonly ValidatorMetadata[]): CheckedProperty {
  const conditions: Condition[] = [];
  const checks: ShapeCheck[] = [];
  let nested: ValidatorMetadata | undefined;
  for (const metadata of all) {
    switch (metadata.type) {
      case ALLOWED:
        break;
      case CONDITIONAL:
        conditions.push((metadata.constraints as Condition[])[0]!);
        break;
      case NESTED:
        nested ??= metadata;
        break;
      case CUSTOM:
      case DEFINED:
        for (const found of constraintsOf(metadata)) {
          checks.push({ metadata, found, always: metadata.type === DEFINED });
        }
        break;
      default:
        throw new Unplannable();
    }
  }
  const declared: unknown = Reflect.getMetadata('design:type', type.prototype as object, name);
  return { name, conditions, checks: checks.sort((a, b) => Number(b.always) - Number(a.always)), nested, declared };
}

/** @throws Unplannable */
function conversionBy({ typeFunction, reflectedType: into, options }: TypeMetadata): Conversion | undefined {
  const discriminator = options?.discriminator;
  if (discriminator?.property !== undefined && discriminator.subTypes !== undefined) {
    const kinds = new Map(discriminator.subTypes.map(({ name, value }) => [name as unknown, value]));
    const keeps = options?.keepDiscriminatorProperty === true;
    return { to: 'kind', property: discriminator.property, keeps, kinds, into };
  }
  // what depends on the message is known only then
  if (typeFunction === undefined || typeFunction.length > 0) throw new Unplannable();
  const type = typeFunction();
  if (VALUE_TYPES.has(type)) return { to: 'value', type, into };
  if (type === Object || type === undefined) return undefined;
  if (typeof type !== 'function' || OTHER_TYPES.has(type)) throw new Unplannable();
  return { to: 'class', type: type as Constructor, into };
}

function findDescriptor(prototype: object, name: string): PropertyDescriptor | undefined {
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const descriptor = Object.getOwnPropertyDescriptor(at, name);
    if (descriptor !== undefined) return descriptor;
  }
  return undefined;
}
