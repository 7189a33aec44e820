import { createRequire } from 'node:module';
import { Expose, type TransformFnParams, type TypeHelpOptions } from 'class-transformer';
import type { Constructor } from '../decorators';

interface GroupOptions {
  readonly groups?: readonly string[];
}

export interface ExposeMetadata {
  readonly propertyName: string;
  readonly options?: GroupOptions & { readonly name?: string };
}

/** One `@Type`. */
export interface TypeMetadata {
  /** What the compiler emitted for the property: `Array`, `Map` and the like among them. */
  readonly reflectedType: unknown;
  readonly typeFunction?: (help?: TypeHelpOptions) => unknown;
  readonly options?: {
    readonly keepDiscriminatorProperty?: boolean;
    readonly discriminator?: {
      readonly property: string;
      readonly subTypes: readonly { readonly name: string; readonly value: Constructor }[];
    };
  };
}

/** One `@Transform`. */
export interface TransformMetadata {
  readonly transformFn: (params: TransformFnParams) => unknown;
  readonly options?: GroupOptions;
}

/** What of class-transformer's metadata is not exported by the package. */
export interface TransformStorage {
  getStrategy(target: Function): string;
  getExposedMetadatas(target: Function): readonly ExposeMetadata[];
  getExcludedMetadatas(target: Function): readonly unknown[];
  getExposedProperties(target: Function, transformation: number): readonly string[];
  getExcludedProperties(target: Function, transformation: number): readonly string[];
  findExposeMetadata(target: Function, property: string): ExposeMetadata | undefined;
  findTypeMetadata(target: Function, property: string): TypeMetadata | undefined;
  findTransformMetadatas(target: Function, property: string, transformation: number): readonly TransformMetadata[];
}

export const PLAIN_TO_CLASS = 0;

/** Undefined where the package keeps it elsewhere than we know, as in a bundle. */
export const transformStorage = findStorage();

/** Whether class-transformer does anything but assign the properties of this class. True where that cannot be known. */
export function isTransformed(type: Constructor, properties: Iterable<string>): boolean {
  return transformStorage === undefined || isTransformedIn(transformStorage, type, properties);
}

function isTransformedIn(storage: TransformStorage, type: Constructor, properties: Iterable<string>): boolean {
  for (const property of properties) {
    if (storage.findTypeMetadata(type, property) !== undefined) return true;
    if (storage.findTransformMetadatas(type, property, PLAIN_TO_CLASS).length > 0) return true;
  }
  if (storage.getStrategy(type) !== 'none') return true;
  return storage.getExposedMetadatas(type).length + storage.getExcludedMetadatas(type).length > 0;
}

/**
 * The classes that class-transformer makes of a property's value, of each item where it is a collection; none where it leaves the
 * value as it is. `its own way`: as a function of the user's says for each value. Undefined where that cannot be known.
 */
export function howMade(type: Constructor, property: string): unknown[] | 'its own way' | undefined {
  if (transformStorage === undefined) return undefined;
  if (transformStorage.findTransformMetadatas(type, property, PLAIN_TO_CLASS).length > 0) return 'its own way';
  const found = transformStorage.findTypeMetadata(type, property);
  if (found === undefined) return [];
  const { typeFunction, options } = found;
  if (typeFunction === undefined || typeFunction.length > 0) return 'its own way';
  return [typeFunction(), ...(options?.discriminator?.subTypes ?? []).map(({ value }) => value)];
}

/** Looked for where the package keeps it, and tried: what it does not know of this class, it knows of none. */
function findStorage(): TransformStorage | undefined {
  class Probe {
    declare property: string;
  }
  Expose()(Probe.prototype, 'property');
  try {
    const load = createRequire(__filename);
    const { defaultMetadataStorage } = load('class-transformer/cjs/storage') as {
      defaultMetadataStorage: TransformStorage;
    };
    return isTransformedIn(defaultMetadataStorage, Probe, ['property']) ? defaultMetadataStorage : undefined;
  } catch {
    return undefined;
  }
}
