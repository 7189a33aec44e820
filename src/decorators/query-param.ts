import { fromHandshake } from './from-handshake';
import type { HandshakeSource } from './metadata';

const QUERY: HandshakeSource = {
  decorator: '@QueryParam',
  value: 'query parameter',
  readerOf: (name) => (connection) => connection.query.get(name) ?? undefined,
};

/** Binds the first value of a query parameter of the handshake's URL; `undefined` when it is absent. */
export function QueryParam(...given: [name: string]): ParameterDecorator {
  return fromHandshake(QUERY, given);
}
