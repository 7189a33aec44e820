import { recordHandler } from './metadata';

/** Runs once when the connection is closed, after its last message was handled. Takes a `CloseInfo`. */
export function OnClose(): MethodDecorator {
  return (prototype, method) => recordHandler(prototype, method, { kind: 'close' });
}
