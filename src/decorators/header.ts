import { called } from './called';
import { recordParameter } from './metadata';

/** Binds a header of the handshake, named in any case; undefined when it is absent. */
export function Header(...given: [name: string]): ParameterDecorator {
  const [name] = given;
  return called('@Header()', given, 1, (prototype, method, index) =>
    recordParameter(prototype, method, index, { from: 'header', name }),
  );
}
