import { called } from './called';
import { recordHandler } from './metadata';

/**
 * Runs before the handshake is answered, after the guards of the application and the class.
 * - To accept, it returns nothing, true, or `{ protocol, headers }`.
 * - To refuse, it returns or throws `refuse(status)`, throws a `PortalError`, or returns false (403).
 */
export function OnUpgrade(...given: []): MethodDecorator {
  return called('@OnUpgrade()', given, 0, (prototype, method) => recordHandler(prototype, method, { kind: 'upgrade' }));
}
