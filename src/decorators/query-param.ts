import { recordParameter } from './metadata';

/** Binds the first value of a query parameter of the handshake's URL; undefined when it is absent. */
export function QueryParam(name: string): ParameterDecorator {
  return (prototype, method, index) => recordParameter(prototype, method, index, { from: 'query', name });
}
