import { called } from './called';
import { recordHandler } from './metadata';

/**
 * Decides whether a connection may subscribe to a channel, whose name its parameter gets. It refuses by returning false, or by throwing, with
 * which `connection.subscribe` rejects.
 */
export function OnSubscribe(...given: []): MethodDecorator {
  return called('@OnSubscribe()', given, 0, (prototype, method) =>
    recordHandler(prototype, method, { kind: 'subscribe' }),
  );
}
