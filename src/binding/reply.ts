import type { Connection } from '../engine';
import { whileOpen } from '../engine/while-open';

/** Iterables of one connection that may run at once; a handler that returns one more settles when a place is free. */
const MAX_STREAMS = 64;

/** Sends what a handler returned. Returns a promise where that takes time; its rejection is the handler's failure. */
export function reply(connection: Connection, value: unknown, onStreamError: StreamErrorHandler): Promise<void> | void {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'string' || value instanceof Uint8Array || value instanceof ArrayBuffer) {
    connection.send(value);
    return undefined;
  }
  if (typeof value === 'object') {
    if (isThenable(value)) return Promise.resolve(value).then((result) => reply(connection, result, onStreamError));
    if (isAsyncIterable(value)) return streamsOf(connection).run(value, onStreamError);
  }
  connection.send(toJson(value));
  return undefined;
}

/** Takes the error that an iterable threw after its handler had settled. */
export type StreamErrorHandler = (connection: Connection, error: unknown) => Promise<void> | void;

function toJson(value: unknown): string {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) throw new TypeError(`a handler returned a ${typeof value}, which cannot be sent`);
  return json;
}

function isThenable(value: object): value is PromiseLike<unknown> {
  return typeof (value as Partial<PromiseLike<unknown>>).then === 'function';
}

function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return Symbol.asyncIterator in value;
}

/** The iterables that are being sent to one connection. */
class Streams {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly connection: Connection) {}

  /** Resolves, as a rule at once, when the iterable has begun. */
  run(iterable: AsyncIterable<unknown>, onError: StreamErrorHandler): Promise<void> | void {
    if (this.running >= MAX_STREAMS) {
      return new Promise<void>((resolve) => this.waiting.push(resolve)).then(() => this.run(iterable, onError));
    }
    this.running++;
    void this.send(iterable)
      .catch((error: unknown) => onError(this.connection, error))
      .finally(() => {
        this.running--;
        this.waiting.shift()?.();
      });
    return undefined;
  }

  /** Waits for the peer between items. */
  private async send(iterable: AsyncIterable<unknown>): Promise<void> {
    const { connection } = this;
    for await (const item of whileOpen(iterable, connection.signal)) {
      // an item is a value, so that sending it takes no time
      void reply(connection, item, () => {});
      await connection.drained();
    }
  }
}

const streams = new WeakMap<Connection, Streams>();

function streamsOf(connection: Connection): Streams {
  let found = streams.get(connection);
  if (found === undefined) streams.set(connection, (found = new Streams(connection)));
  return found;
}
