import { called } from './called';
import { recordParameter } from './metadata';

/** Binds a part of the path, percent-decoded: `@PathParam('room')` for the pattern `/rooms/:room`. */
export function PathParam(...given: [name: string]): ParameterDecorator {
  const [name] = given;
  return called('@PathParam()', given, 1, (prototype, method, index) =>
    recordParameter(prototype, method, index, { from: 'path', name }),
  );
}
