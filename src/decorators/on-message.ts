import { called } from './called';
import { recordHandler } from './metadata';

/**
 * With a name, takes that event of the path's codec. Without one, each message whose kind fits the body parameter: `string`
 * text, `Uint8Array` or `Buffer` binary, `MessageStream` either while it arrives, a class what the codec makes of it.
 * What it returns is sent.
 */
export function OnMessage(event?: string): MethodDecorator;
export function OnMessage(...given: (string | undefined)[]): MethodDecorator {
  return called('@OnMessage()', given, 1, (prototype, method) =>
    recordHandler(prototype, method, { kind: 'message', ...(given.length > 0 && { event: given[0]! }) }),
  );
}
