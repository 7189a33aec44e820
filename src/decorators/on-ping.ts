import { called } from './called';
import { recordHandler } from './metadata';

/** Takes the payload of each ping (it is answered anyway). */
export function OnPing(...given: []): MethodDecorator {
  return called('@OnPing()', given, 0, (prototype, method) => recordHandler(prototype, method, { kind: 'ping' }));
}
