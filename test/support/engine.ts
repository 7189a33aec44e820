import { Engine, type Connection, type Endpoint, type EngineOptions } from '../../src/engine';

const started = new Set<Engine>();

/** An engine on a free port, closed after the test. */
export async function startEngine(endpoints: Endpoint[], options: EngineOptions = {}): Promise<Engine> {
  const engine = new Engine({ port: 0, host: '127.0.0.1', ...options });
  for (const endpoint of endpoints) engine.add(endpoint);
  await engine.listen();
  started.add(engine);
  return engine;
}

afterEach(async () => {
  const engines = [...started];
  started.clear();
  await Promise.all(
    engines.map(async (engine) => {
      for (const connection of engine.connections) connection.terminate();
      await engine.close();
    }),
  );
});

/** Answers every message with itself. */
export const echo: Endpoint = {
  path: '/',
  text: (connection, message) => void connection.send(message),
  binary: (connection, message) => void connection.send(message),
};

/** A promise with its resolver. */
export function deferred<T = void>(): {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (e: unknown) => void;
} {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** The bytes that the server holds for a connection, both ways. */
export function heldBytesOf(connection: Connection): number {
  return (connection as unknown as { driver: { heldBytes: number } }).driver.heldBytes;
}
