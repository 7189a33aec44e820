import { recordHandler } from './metadata';

/** Takes the payload of each ping (it is answered anyway). */
export function OnPing(): MethodDecorator {
  return (prototype, method) => recordHandler(prototype, method, { kind: 'ping' });
}
