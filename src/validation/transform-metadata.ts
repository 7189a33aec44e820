import type { TransformFnParams, TypeHelpOptions } from 'class-transformer';
import { dtoLibraries, type Constructor } from '../decorators';

interface GroupOptions {
  readonly groups?: readonly string[];
}

export interface ExposeMetadata {
  readonly propertyName: string;
  readonly options?: GroupOptions & { readonly name?: string };
}

/** The record of a `@Type`. */
export interface TypeMetadata {
  /** The type that the compiler emitted for the property, such as `Array` or `Map`. */
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

/** The record of a `@Transform`. */
export interface TransformMetadata {
  readonly transformFn: (params: TransformFnParams) => unknown;
  readonly options?: GroupOptions;
}

/** class-transformer's storage of metadata, which the package does not export. */
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

let lookup: { readonly storage: TransformStorage | undefined } | undefined;

/** `undefined` where the package does not keep it in the known place, as in a bundle. */
export function transformStorage(): TransformStorage | undefined {
  lookup ??= { storage: findStorage() };
  return lookup.storage;
}

/** True where class-transformer does more than assign the properties of this class, and where that cannot be known. */
export function isTransformed(type: Constructor, properties: Iterable<string>): boolean {
  const storage = transformStorage();
  return storage === undefined || isTransformedIn(storage, type, properties);
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
 * The classes of which class-transformer makes a property's value, or each item of a collection; an empty list where it leaves the value as
 * it is. `its own way` stands for a function of the user's that decides for each value. `undefined` where that cannot be known.
 */
export function howMade(type: Constructor, property: string): unknown[] | 'its own way' | undefined {
  const storage = transformStorage();
  if (storage === undefined) return undefined;
  if (storage.findTransformMetadatas(type, property, PLAIN_TO_CLASS).length > 0) return 'its own way';
  const found = storage.findTypeMetadata(type, property);
  if (found === undefined) return [];
  const { typeFunction, options } = found;
  if (typeFunction === undefined || typeFunction.length > 0) return 'its own way';
  return [typeFunction(), ...(options?.discriminator?.subTypes ?? []).map(({ value }) => value)];
}

/** Tries the storage in the known place with a class: one that knows nothing of that class is not the right one. */
function findStorage(): TransformStorage | undefined {
  const { transformer, transformerStorage } = dtoLibraries();
  class Probe {
    declare property: string;
  }
  transformer.Expose()(Probe.prototype, 'property');
  try {
    const { defaultMetadataStorage } = transformerStorage as { defaultMetadataStorage: TransformStorage };
    return isTransformedIn(defaultMetadataStorage, Probe, ['property']) ? defaultMetadataStorage : undefined;
  } catch {
    return undefined;
  }
}
