import { recordHandler } from './metadata';

/**
 * Runs before the handshake is answered, after the guards of the application and the class. Returns nothing, or
 * `{ protocol, headers }`, to accept; returns or throws `refuse(status)`, or throws a `PortalError`, to refuse.
 */
export function OnUpgrade(): MethodDecorator {
  return (prototype, method) => recordHandler(prototype, method, { kind: 'upgrade' });
}
