import { createRequire } from 'node:module';
import { Expose } from 'class-transformer';
import type { Constructor } from '../decorators';

/** What of class-transformer's metadata is not exported by the package. */
interface Storage {
  getStrategy(target: Function): string;
  getExposedMetadatas(target: Function): unknown[];
  getExcludedMetadatas(target: Function): unknown[];
  findTypeMetadata(target: Function, property: string): TypeMetadata | undefined;
  findTransformMetadatas(target: Function, property: string, transformation: number): unknown[];
}

/** What `@Type` recorded. */
interface TypeMetadata {
  readonly typeFunction?: (...about: unknown[]) => unknown;
  readonly options?: { readonly discriminator?: { readonly subTypes?: readonly { readonly value: unknown }[] } };
}

const PLAIN_TO_CLASS = 0;

const storage = findStorage();

/** Whether class-transformer does anything but assign the properties of this class. True where that cannot be known. */
export function isTransformed(type: Constructor, properties: Iterable<string>): boolean {
  return storage === undefined || isTransformedIn(storage, type, properties);
}

function isTransformedIn(storage: Storage, type: Constructor, properties: Iterable<string>): boolean {
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
  if (storage === undefined) return undefined;
  if (storage.findTransformMetadatas(type, property, PLAIN_TO_CLASS).length > 0) return 'its own way';
  const found = storage.findTypeMetadata(type, property);
  if (found === undefined) return [];
  const { typeFunction, options } = found;
  if (typeFunction === undefined || typeFunction.length > 0) return 'its own way';
  return [typeFunction(), ...(options?.discriminator?.subTypes ?? []).map(({ value }) => value)];
}

/** Looked for where the package keeps it, and tried: what it does not know of this class, it knows of none. */
function findStorage(): Storage | undefined {
  class Probe {
    declare property: string;
  }
  Expose()(Probe.prototype, 'property');
  try {
    const load = createRequire(__filename);
    const { defaultMetadataStorage } = load('class-transformer/cjs/storage') as { defaultMetadataStorage: Storage };
    return isTransformedIn(defaultMetadataStorage, Probe, ['property']) ? defaultMetadataStorage : undefined;
  } catch {
    return undefined;
  }
}
