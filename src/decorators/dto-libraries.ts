import { createRequire } from 'node:module';
import type * as ClassTransformer from 'class-transformer';
import type * as ClassValidator from 'class-validator';

/** The packages that know the decorators of DTO classes. */
export interface DtoLibraries {
  readonly validator: typeof ClassValidator;
  readonly transformer: typeof ClassTransformer;
  /** The exports of a file that class-transformer does not publish; `undefined` where it is not found, as in a bundle. */
  readonly transformerStorage: unknown;
}

let loaded: DtoLibraries | undefined;

/**
 * Loads both packages at the first call, since many programs need neither: they take a tenth of a second and 3.5 MB of
 * heap. That is at boot, for the first class that a handler takes as a body, and never for a message.
 */
export function dtoLibraries(): DtoLibraries {
  return (loaded ??= load());
}

/**
 * Loads the packages with the first controller, in a program that has decorated a class by class-validator. After
 * `jest.resetModules`, boot would find another copy of class-transformer, which knows no class that was decorated
 * before.
 */
export function keepDtoLibraries(): void {
  if ('classValidatorMetadataStorage' in globalThis) dtoLibraries();
}

/** Bundlers need a `require` with a literal, and must not follow the one for the storage. */
function load(): DtoLibraries {
  /* eslint-disable @typescript-eslint/no-require-imports -- imports would load the packages with Portal */
  const validator = require('class-validator') as typeof ClassValidator;
  const transformer = require('class-transformer') as typeof ClassTransformer;
  /* eslint-enable */
  return { validator, transformer, transformerStorage: loadStorage() };
}

function loadStorage(): unknown {
  try {
    return createRequire(__filename)('class-transformer/cjs/storage');
  } catch {
    return undefined;
  }
}
