import { called } from './called';
import { recordParameter } from './metadata';

/** Binds the first value of a query parameter of the handshake's URL; undefined when it is absent. */
export function QueryParam(...given: [name: string]): ParameterDecorator {
  const [name] = given;
  return called('@QueryParam()', given, 1, (prototype, method, index) =>
    recordParameter(prototype, method, index, { from: 'query', name }),
  );
}
