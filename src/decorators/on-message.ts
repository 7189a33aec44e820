import { recordHandler } from './metadata';

/** Takes each message whose kind fits the body parameter: `string` text, `Uint8Array` or `Buffer` binary. What it returns is sent. */
export function OnMessage(): MethodDecorator {
  return (prototype, method) => recordHandler(prototype, method, { kind: 'message' });
}
