import { called } from './called';
import { recordParameter, type HandshakeSource } from './metadata';

/** A decorator that binds one value of `source`. `given` is what the decorator was called with. */
export function fromHandshake(source: HandshakeSource, given: readonly [name: string]): ParameterDecorator {
  const [name] = given;
  return called(`${source.decorator}()`, given, 1, (prototype, method, index) =>
    recordParameter(prototype, method, index, { from: 'handshake', source, name }),
  );
}
