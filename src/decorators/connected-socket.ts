import { recordParameter } from './metadata';

/** Binds the `Connection` to this parameter, whatever its type. */
export function ConnectedSocket(): ParameterDecorator {
  return (prototype, method, index) => recordParameter(prototype, method, index, { from: 'connection' });
}
