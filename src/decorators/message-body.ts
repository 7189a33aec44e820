import { called } from './called';
import { recordParameter, type BodyShape } from './metadata';

/**
 * Binds the message (or, in `@OnError`, the error) to this parameter, whatever its type.
 * - `@MessageBody('name')` binds one property, `undefined` when it is absent.
 * - `@MessageBody(() => Dto)` names the class where the compiler emits no types.
 * - `@MessageBody(schema)` validates with a Standard Schema and binds its output.
 */
export function MessageBody(of?: string | BodyShape): ParameterDecorator;
export function MessageBody(...given: (string | BodyShape | undefined)[]): ParameterDecorator {
  const [of] = given;
  const said = given.length > 0 && (typeof of === 'string' ? { field: of } : { shape: of! });
  return called('@MessageBody()', given, 1, (prototype, method, index) =>
    recordParameter(prototype, method, index, { from: 'body', ...said }),
  );
}
