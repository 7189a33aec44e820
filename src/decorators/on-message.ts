import { called } from './called';
import { recordHandler } from './metadata';

/**
 * With a name, handles that event of the path's codec. Without a name, handles each message that fits the type of the body parameter:
 * - `string`: text
 * - `Uint8Array` or `Buffer`: binary
 * - `MessageStream`: either kind, while it arrives
 * - a class: the message as the codec decodes it
 *
 * The value returned is sent as the reply.
 */
export function OnMessage(event?: string): MethodDecorator;
export function OnMessage(...given: (string | undefined)[]): MethodDecorator {
  return called('@OnMessage()', given, 1, (prototype, method) =>
    recordHandler(prototype, method, { kind: 'message', ...(given.length > 0 && { event: given[0]! }) }),
  );
}
