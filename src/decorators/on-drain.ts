import { called } from './called';
import { recordHandler } from './metadata';

/** Runs when what waits for the peer fell below the high-water mark again. */
export function OnDrain(...given: []): MethodDecorator {
  return called('@OnDrain()', given, 0, (prototype, method) => recordHandler(prototype, method, { kind: 'drain' }));
}
