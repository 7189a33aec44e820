import { recordParameter } from './metadata';

/** Binds a part of the path, percent-decoded: `@PathParam('room')` for the pattern `/rooms/:room`. */
export function PathParam(name: string): ParameterDecorator {
  return (prototype, method, index) => recordParameter(prototype, method, index, { from: 'path', name });
}
