import { called } from './called';
import { recordHandler } from './metadata';

/** Runs once when the connection is closed, after its last message was handled. Takes a `CloseInfo`. */
export function OnClose(...given: []): MethodDecorator {
  return called('@OnClose()', given, 0, (prototype, method) => recordHandler(prototype, method, { kind: 'close' }));
}
