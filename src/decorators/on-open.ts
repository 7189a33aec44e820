import { recordHandler } from './metadata';

/**
 * Runs after the handshake; no message is handled before it settles. What it returns is sent: a greeting. A guard that refuses it closes the
 * connection.
 */
export function OnOpen(): MethodDecorator {
  return (prototype, method) => recordHandler(prototype, method, { kind: 'open' });
}
