import type { Connection } from '../engine';
import { readBody, readConnection, type Reader } from './parameters';

/** A method of a controller with its parameters bound. */
export type Call = (connection: Connection, body: unknown) => unknown;

/** Compiles a call without arrays of arguments for the usual shapes of parameter lists. */
export function compileCall(instance: object, method: string, readers: readonly Reader[]): Call {
  const run = (instance as Record<string, (...args: unknown[]) => unknown>)[method]!;
  const [a, b, c] = readers;
  switch (readers.length) {
    case 0:
      return () => run.call(instance);
    case 1:
      if (a === readBody) return (_connection, body) => run.call(instance, body);
      if (a === readConnection) return (connection) => run.call(instance, connection);
      return (connection, body) => run.call(instance, a!(connection, body));
    case 2:
      if (a === readBody && b === readConnection) return (connection, body) => run.call(instance, body, connection);
      if (a === readConnection && b === readBody) return (connection, body) => run.call(instance, connection, body);
      return (connection, body) => run.call(instance, a!(connection, body), b!(connection, body));
    case 3:
      return (connection, body) => run.call(instance, a!(connection, body), b!(connection, body), c!(connection, body));
    default:
      return (connection, body) =>
        run.apply(
          instance,
          readers.map((read) => read(connection, body)),
        );
  }
}
