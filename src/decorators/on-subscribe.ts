import { called } from './called';
import { recordHandler } from './metadata';

/**
 * Decides whether a connection may subscribe to the channel whose name it gets. To refuse it returns false or throws; the error is what
 * `connection.subscribe` rejects with.
 */
export function OnSubscribe(...given: []): MethodDecorator {
  return called('@OnSubscribe()', given, 0, (prototype, method) =>
    recordHandler(prototype, method, { kind: 'subscribe' }),
  );
}
