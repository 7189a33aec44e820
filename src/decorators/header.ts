import { recordParameter } from './metadata';

/** Binds a header of the handshake, named in any case; undefined when it is absent. */
export function Header(name: string): ParameterDecorator {
  return (prototype, method, index) => recordParameter(prototype, method, index, { from: 'header', name });
}
