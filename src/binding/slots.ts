import { decoratorOf, BootError, type HandlerRecord } from '../decorators';
import type { BodyType } from './body';
import type { BoundController, BoundHandler } from './bound-controller';

/** A place that one handler of a controller can have. */
export type Slot = 'upgrade' | 'open' | 'text' | 'binary' | 'subscribe' | 'ping' | 'pong' | 'drain' | 'close';

/** The handlers of a controller by their places. */
export interface Slots {
  readonly single: ReadonlyMap<Slot, BoundHandler>;
  readonly events: ReadonlyMap<string, BoundHandler>;
  readonly errors: readonly BoundHandler[];
}

/** The kinds of message that the codecs of a path use. */
export interface CodecKinds {
  readonly text: boolean;
  readonly binary: boolean;
}

/**
 * Gives each handler its place. A message handler without a body, or for streams, gets kinds of messages without a handler of their own.
 * @throws BootError for two handlers of one place
 * @throws BootError for a handler that no message would come to
 */
export function assignSlots({ controller, handlers }: BoundController, kinds: CodecKinds): Slots {
  const single = new Map<Slot, BoundHandler>();
  const spare = new Map<Slot, BoundHandler>();
  const events = new Map<string, BoundHandler>();
  const errors = handlers.filter(({ record }) => record.kind === 'error');
  const place = <Key>(table: Map<Key, BoundHandler>, key: Key, handler: BoundHandler, what: string): void => {
    const other = table.get(key);
    if (other !== undefined) {
      const [first, second] = [other.record.method, handler.record.method];
      throw new BootError(`${controller.name}: ${first} and ${second} are both handlers of ${what}.`);
    }
    table.set(key, handler);
  };

  for (const handler of handlers) {
    const { kind, event } = handler.record;
    if (event !== undefined) {
      if (!kinds.text && !kinds.binary) {
        const method = `${controller.name}.${handler.record.method}`;
        throw new BootError(`${method}: the path is raw, so no codec finds the event ${JSON.stringify(event)}.`);
      }
      place(events, event, handler, `the event ${JSON.stringify(event)}`);
      continue;
    }
    const isSpare = kind === 'message' && (handler.body === undefined || handler.body === 'stream');
    for (const slot of slotsOf(kind, handler, kinds, controller.name)) {
      const what = kind === 'message' ? `${isSpare ? 'all' : slot} messages` : decoratorOf(kind);
      place(isSpare ? spare : single, slot, handler, what);
    }
  }
  for (const [slot, handler] of spare) {
    // what must be read whole to find its event cannot be handed over while it arrives
    const isEventKind = events.size > 0 && kinds[slot as 'text' | 'binary'];
    if (!single.has(slot) && !(handler.body === 'stream' && isEventKind)) single.set(slot, handler);
  }
  for (const { record, body } of spare.values()) {
    if (body !== 'stream' || [...single.values()].some((handler) => handler.record === record)) continue;
    throw new BootError(
      `${controller.name}.${record.method}: no message would come to it while it arrives, since those of both kinds are read ` +
        `whole to find their event or have handlers of their own.`,
    );
  }
  refuseTwiceTheSameError(controller.name, errors);
  return { single, events, errors };
}

function slotsOf(kind: HandlerRecord['kind'], handler: BoundHandler, kinds: CodecKinds, controller: string): Slot[] {
  if (kind === 'error') return [];
  if (kind !== 'message') return [kind];
  return messageSlots(handler.body, kinds, `${controller}.${handler.record.method}`);
}

function messageSlots(body: BodyType | undefined, kinds: CodecKinds, place: string): Slot[] {
  if (body === 'text' || body === 'binary') return [body];
  if (body !== 'value') return ['text', 'binary'];
  if (!kinds.text && !kinds.binary) {
    throw new BootError(
      `${place}: the path is raw, so no codec makes a body of a message: take a string or a Uint8Array.`,
    );
  }
  return (['text', 'binary'] as const).filter((kind) => kinds[kind]);
}

function refuseTwiceTheSameError(controller: string, handlers: readonly BoundHandler[]): void {
  const seen = new Map<unknown, string>();
  for (const { record } of handlers) {
    const other = seen.get(record.error);
    if (other !== undefined) {
      const what = `@OnError(${record.error!.name})`;
      throw new BootError(`${controller}: ${other} and ${record.method} are both handlers of ${what}.`);
    }
    seen.set(record.error, record.method);
  }
}
