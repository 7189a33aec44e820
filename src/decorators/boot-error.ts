import { MAJOR, recognise } from '../copies';
import { decoratedByOtherMajor } from './metadata';
import type { Constructor } from './constructor';

/** A mistake in the program, found before the first connection. Its message says where it is and what to do. */
export class BootError extends Error {
  override readonly name = 'BootError';
}

recognise(BootError, 'BootError');

/** @throws BootError for a class that was decorated by a copy of Portal with another major version */
export function refuseOtherMajor(constructor: Constructor): void {
  const major = decoratedByOtherMajor(constructor);
  if (major === undefined) return;
  throw new BootError(
    `${constructor.name}: it was decorated by portal-ws ${major}, and portal-ws ${MAJOR} runs the application. Install one ` +
      `version for both (\`npm ls portal-ws\` shows them).`,
  );
}

/** The end of an error about types that the compiler did not emit. */
export const WHO_EMITS_NONE =
  'esbuild, tsx and vitest emit no types whatever tsconfig.json says: docs/guide/without-emitted-types.md shows what to write there.';
