import { called } from './called';
import { recordHandler } from './metadata';

/** Runs for each ping, with its payload. Portal answers pings by itself. */
export function OnPing(...given: []): MethodDecorator {
  return called('@OnPing()', given, 0, (prototype, method) => recordHandler(prototype, method, { kind: 'ping' }));
}
