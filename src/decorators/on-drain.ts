import { recordHandler } from './metadata';

/** Runs when what waits for the peer fell below the high-water mark again. */
export function OnDrain(): MethodDecorator {
  return (prototype, method) => recordHandler(prototype, method, { kind: 'drain' });
}
