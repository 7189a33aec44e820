import { called } from './called';
import { recordHandler } from './metadata';

/** Runs for each pong, with its payload. */
export function OnPong(...given: []): MethodDecorator {
  return called('@OnPong()', given, 0, (prototype, method) => recordHandler(prototype, method, { kind: 'pong' }));
}
