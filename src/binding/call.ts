import type { Connection } from '../connection';
import { readBody, readConnection, type BoundParameters, type Reader } from './parameters';

/** A method of a controller with its parameters bound. */
export type Call = (connection: Connection, body: unknown) => unknown;

/** The instance of the controller, or a function that finds that of a connection. */
export type InstanceOf = object | ((connection: Connection) => object);

type Method = (...args: unknown[]) => unknown;

/**
 * Compiles a call without arrays of arguments for the usual shapes of parameter lists.
 * @param looksUp true to look up the method for each call, since a test may put a spy in its place
 */
export function compileCall(
  target: InstanceOf,
  method: string,
  { readers, mayWait }: Pick<BoundParameters, 'readers' | 'mayWait'>,
  looksUp = false,
): Call {
  if (typeof target === 'function') {
    const instanceOf = target as (connection: Connection) => Record<string, Method>;
    return (connection, body) => {
      const instance = instanceOf(connection);
      return applyWhenThere(instance, instance[method]!, readAll(readers, connection, body));
    };
  }
  const instance = target as Record<string, Method>;
  const run: Method = looksUp ? (...args) => instance[method]!(...args) : instance[method]!;
  if (mayWait) {
    return (connection, body) => applyWhenThere(instance, run, readAll(readers, connection, body));
  }
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

/** Reads all arguments. After an error of one, promises of those before it may still reject, and nobody else would hear. */
function readAll(readers: readonly Reader[], connection: Connection, body: unknown): unknown[] {
  const args: unknown[] = [];
  try {
    for (const read of readers) args.push(read(connection, body));
    return args;
  } catch (error) {
    for (const arg of args) if (arg instanceof Promise) arg.catch(() => {});
    throw error;
  }
}

/** Calls the method at once, or when arguments that are promises have resolved. */
function applyWhenThere(instance: object, run: Method, args: unknown[]): unknown {
  if (!args.some((arg) => arg instanceof Promise)) return run.apply(instance, args);
  return Promise.all(args).then((there) => run.apply(instance, there));
}
