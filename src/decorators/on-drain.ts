import { called } from './called';
import { recordHandler } from './metadata';

/** Runs when the bytes that wait for the peer fall below `limits.highWaterMarkBytes` again. */
export function OnDrain(...given: []): MethodDecorator {
  return called('@OnDrain()', given, 0, (prototype, method) => recordHandler(prototype, method, { kind: 'drain' }));
}
