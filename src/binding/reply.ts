import { bytesOf, type Connection } from '../connection';
import {
  answerTo,
  endTo,
  ERROR_CODES,
  errorTo,
  isThenable,
  itemTo,
  JsonCodec,
  payloadOf,
  stringify,
  type Envelope,
  type ErrorPayload,
  type PortalError,
  type ReplyTo,
} from '../messages';

type OnError = (error: unknown) => Promise<void> | void;

/** The most iterables of one connection that are sent at once. A handler that returns one more settles when another has ended. */
const MAX_STREAMS = 64;

/** The codec of error replies on raw paths. */
const JSON_CODEC = new JsonCodec();

/** Sends the value that a handler returned. Returns false for a value that takes time, which `replyLater` sends. */
export function replyNow(connection: Connection, value: unknown, replyTo: ReplyTo): boolean {
  if (value === undefined || value === null) {
    if (replyTo.id !== undefined) replied(connection, sendEnvelope(connection, answerTo(replyTo, null)));
    return true;
  }
  if (typeof value === 'object' && (isThenable(value) || isAsyncIterable(value) || isIterator(value))) return false;
  replied(connection, sendValue(connection, value, replyTo));
  return true;
}

/** Reads no more of a client that asks faster than it reads the answers, so that it is not closed as slow. */
function replied(connection: Connection, hasRoom: boolean): void {
  if (hasRoom === false) connection.holdBack();
}

/** Sends the value of a promise; resolves when an iterable has begun. A rejection is the handler's failure. */
export async function replyLater(
  connection: Connection,
  value: unknown,
  replyTo: ReplyTo,
  onStreamError: OnError,
): Promise<void> {
  // an error of a stream is heard by nobody until it is taken over: at once, where it is there
  const settled = isThenable(value) ? await value : value;
  if (replyNow(connection, settled, replyTo)) return;
  await streamsOf(connection).run(connection.own(settled, onStreamError), replyTo, onStreamError);
}

/** The payloads to try for an error: each leaves out more than the one before, which could not be encoded. */
const TELLINGS: readonly ((error: PortalError) => ErrorPayload)[] = [
  payloadOf,
  ({ code, message }) => payloadOf({ code, message }),
  () => ({ code: 'internal_error', message: ERROR_CODES.internal_error.message }),
];

/**
 * Sends an error reply. `onUntold` gets the reason why a part of it was left out.
 * @throws the codec's error, where it can encode no error at all
 */
export function replyError(
  connection: Connection,
  error: PortalError,
  replyTo: ReplyTo,
  onUntold: (why: unknown) => void,
): void {
  let untold: { readonly why: unknown } | undefined;
  for (const tell of TELLINGS) {
    try {
      sendEnvelope(connection, errorTo(replyTo, tell(error)));
    } catch (why) {
      untold ??= { why };
      continue;
    }
    if (untold !== undefined) onUntold(untold.why);
    return;
  }
  throw untold!.why;
}

function sendValue(connection: Connection, value: unknown, replyTo: ReplyTo): boolean {
  if (replyTo.event !== undefined) {
    return sendEnvelope(connection, answerTo(replyTo, value instanceof ArrayBuffer ? new Uint8Array(value) : value));
  }
  return connection.send(typeof value === 'string' ? value : (bytesOf(value) ?? toJson(value)));
}

function sendEnvelope(connection: Connection, envelope: Envelope): boolean {
  return connection.send((connection.codec ?? JSON_CODEC).encode(envelope));
}

/** True for a synchronous generator, or an iterator such as that of `map.values()`; false for a collection. */
function isIterator(value: object): boolean {
  return Symbol.iterator in value && typeof (value as { next?: unknown }).next === 'function';
}

function toJson(value: unknown): string {
  if (typeof value !== 'function' && typeof value !== 'symbol') return stringify(value);
  throw new TypeError(`a handler returned a ${typeof value}, which cannot be sent`);
}

function isAsyncIterable(value: object): value is AsyncIterable<unknown> {
  return Symbol.asyncIterator in value;
}

/** The iterables that are being sent to one connection. */
class Streams {
  private running = 0;
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly connection: Connection) {}

  /** Resolves when the iterable has begun, which is at once as a rule. */
  run(items: AsyncIterable<unknown>, replyTo: ReplyTo, onError: OnError): Promise<void> | void {
    if (this.running >= MAX_STREAMS) {
      this.connection.reached('iterables');
      return new Promise<void>((resolve) => this.waiting.push(resolve)).then(() => this.run(items, replyTo, onError));
    }
    this.running++;
    void this.send(items, replyTo)
      .catch(onError)
      .finally(() => {
        this.running--;
        this.waiting.shift()?.();
      });
    return undefined;
  }

  /** Waits for the peer between items. A request gets each item as one of several answers, and their end. */
  private async send(items: AsyncIterable<unknown>, replyTo: ReplyTo): Promise<void> {
    const { connection } = this;
    const isOwed = replyTo.id !== undefined;
    for await (const item of items) {
      if (isOwed) sendEnvelope(connection, itemTo(replyTo, item));
      else if (item !== undefined && item !== null) sendValue(connection, item, replyTo);
      await connection.drained();
    }
    if (isOwed && connection.state === 'open') sendEnvelope(connection, endTo(replyTo));
  }
}

const streams = new WeakMap<Connection, Streams>();

function streamsOf(connection: Connection): Streams {
  let found = streams.get(connection);
  if (found === undefined) streams.set(connection, (found = new Streams(connection)));
  return found;
}
