import { called } from './called';
import { recordHandler } from './metadata';

/**
 * Runs after the handshake; no message is handled before it settles. The value returned is sent as a greeting. A guard that refuses the call
 * closes the connection.
 */
export function OnOpen(...given: []): MethodDecorator {
  return called('@OnOpen()', given, 0, (prototype, method) => recordHandler(prototype, method, { kind: 'open' }));
}
