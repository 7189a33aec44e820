import { called } from './called';
import { recordHandler } from './metadata';

/** Takes the payload of each pong. */
export function OnPong(...given: []): MethodDecorator {
  return called('@OnPong()', given, 0, (prototype, method) => recordHandler(prototype, method, { kind: 'pong' }));
}
