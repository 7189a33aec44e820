import { called } from './called';
import { recordParameter, type BodyShape } from './metadata';

/**
 * Binds the message (or, in `@OnError`, the error) to this parameter, whatever its type.
 * `@MessageBody('name')` binds one of its properties, undefined when it is absent. `@MessageBody(() => Dto)` says what it
 * is where the compiler emits no types; `@MessageBody(schema)` validates it by a Standard Schema, and binds the output.
 */
export function MessageBody(of?: string | BodyShape): ParameterDecorator;
export function MessageBody(...given: (string | BodyShape | undefined)[]): ParameterDecorator {
  const [of] = given;
  const said = given.length > 0 && (typeof of === 'string' ? { field: of } : { shape: of! });
  return called('@MessageBody()', given, 1, (prototype, method, index) =>
    recordParameter(prototype, method, index, { from: 'body', ...said }),
  );
}
