import { CloseCode } from '../protocol';
import type { Connection } from '../connection';
import {
  decodeEnvelope,
  isId,
  isServerId,
  NO_REPLY,
  PortalError,
  type Codec,
  type Envelope,
  type ReplyTo,
} from '../messages';
import type { Handler } from './pipeline';

/** A handler of a connection's messages of one kind, text or binary. */
export type MessageHook = (connection: Connection, message: string | Buffer) => Promise<void> | void;

/** Answers a message without a handler. */
export type Unhandled = (connection: Connection, error: PortalError, replyTo: ReplyTo) => Promise<void> | void;

/** The handlers of one kind of message. */
export interface Destinations {
  readonly binary: boolean;
  readonly events: ReadonlyMap<string, Handler>;
  /** Handles messages without an event handler. */
  readonly plain: MessageHook | undefined;
  readonly unhandled: Unhandled;
}

/** Compiles the hook that passes events to their handlers. Where a connection's codec uses the other kind of message, `plain` gets all. */
export function dispatchEvents({ binary, events, plain, unhandled }: Destinations): MessageHook {
  const routes = new Map(
    [...events].map(([event, handler]) => [event, { handler, replyTo: { event, id: undefined } }]),
  );
  return (connection, message) => {
    const { codec } = connection;
    if (codec === undefined || codec.binary !== binary) {
      return plain === undefined ? refuse(connection, binary) : plain(connection, message);
    }
    const envelope = read(codec, message);
    if (envelope === undefined) {
      return plain === undefined
        ? unhandled(connection, new PortalError('malformed_message'), NO_REPLY)
        : plain(connection, message);
    }
    const { event, data, id } = envelope;
    // an answer to a request of ours that was given up
    if (isServerId(id)) return undefined;
    const route = routes.get(event);
    if (route === undefined) {
      return plain === undefined ? unhandled(connection, ...whyUnhandled(event, id)) : plain(connection, message);
    }
    if (!isId(id)) return unhandled(connection, new PortalError('malformed_message'), NO_REPLY);
    return route.handler(connection, data, id === undefined ? route.replyTo : { event, id });
  };
}

/** The hook for messages beyond the limits a second: answers an event with an error, closes the connection for any other message. */
export function refuseTooFast(unhandled: Unhandled): MessageHook {
  return (connection, message) => {
    const { codec } = connection;
    const envelope = codec?.binary === (typeof message !== 'string') ? read(codec, message) : undefined;
    if (envelope === undefined || !isId(envelope.id)) {
      void connection.close(CloseCode.PolicyViolation, 'rate limited');
      return undefined;
    }
    const { event, id } = envelope;
    return unhandled(connection, new PortalError('rate_limited'), { event, id });
  };
}

/** The hook of a plain handler whose body the codec decodes. */
export function decodePlain(binary: boolean, handler: Handler, unhandled: Unhandled): MessageHook {
  return (connection, message) => {
    const { codec } = connection;
    if (codec === undefined || codec.binary !== binary) return refuse(connection, binary);
    let value: unknown;
    try {
      value = codec.decode(message);
    } catch {
      return unhandled(connection, new PortalError('malformed_message'), NO_REPLY);
    }
    return handler(connection, value, NO_REPLY);
  };
}

type EventEnvelope = Envelope & { event: string };

/** `undefined` for a message that is no event. */
function read(codec: Codec, message: string | Buffer): EventEnvelope | undefined {
  const envelope = decodeEnvelope(codec, message);
  return typeof envelope?.event === 'string' ? (envelope as EventEnvelope) : undefined;
}

function whyUnhandled(event: string, id: unknown): [PortalError, ReplyTo] {
  return isId(id)
    ? [new PortalError('unknown_event'), { event, id }]
    : [new PortalError('malformed_message'), NO_REPLY];
}

function refuse(connection: Connection, binary: boolean): void {
  void connection.close(CloseCode.UnsupportedData, `no handler for ${binary ? 'binary' : 'text'} messages`);
}
