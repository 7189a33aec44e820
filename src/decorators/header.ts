import { fromHandshake } from './from-handshake';
import type { HandshakeSource } from './metadata';

const HEADERS: HandshakeSource = {
  decorator: '@Header',
  value: 'header',
  ignoresCase: true,
  readerOf:
    (name) =>
    ({ handshake: { headers } }) => {
      // `constructor` is there only where a client sent it
      const value = Object.hasOwn(headers, name) ? headers[name] : undefined;
      return Array.isArray(value) ? value.join(', ') : value;
    },
};

/** Binds a header of the handshake, named in any case; `undefined` when it is absent. */
export function Header(...given: [name: string]): ParameterDecorator {
  return fromHandshake(HEADERS, given);
}
