import { called } from './called';
import { recordParameter } from './metadata';

/** Binds the `Connection` to this parameter, whatever its type. */
export function ConnectedSocket(...given: []): ParameterDecorator {
  return called('@ConnectedSocket()', given, 0, (prototype, method, index) =>
    recordParameter(prototype, method, index, { from: 'connection' }),
  );
}
