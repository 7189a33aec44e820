import { recordHandler } from './metadata';

/** Takes the payload of each pong. */
export function OnPong(): MethodDecorator {
  return (prototype, method) => recordHandler(prototype, method, { kind: 'pong' });
}
