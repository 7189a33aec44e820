import { fromHandshake } from './from-handshake';
import type { HandshakeSource } from './metadata';

const PATH: HandshakeSource = {
  decorator: '@PathParam',
  value: 'path parameter',
  readerOf: (name) => (connection) => connection.params[name],
  whyNever(name, pattern) {
    const names = [...pattern.matchAll(/:(\w+)/g)].map(([, found]) => found);
    return names.includes(name) ? undefined : `the path ${pattern} has no parameter :${name}.`;
  },
};

/** Binds a part of the path, percent-decoded: `@PathParam('room')` for the pattern `/rooms/:room`. */
export function PathParam(...given: [name: string]): ParameterDecorator {
  return fromHandshake(PATH, given);
}
