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

/** What a message is answered with that no handler takes. */
export type Unhandled = (connection: Connection, error: PortalError, replyTo: ReplyTo) => Promise<void> | void;

/** The handlers that a kind of message may go to. */
export interface Destinations {
  readonly binary: boolean;
  readonly events: ReadonlyMap<string, Handler>;
  /** Takes what no event handler does. */
  readonly plain: MessageHook | undefined;
  readonly unhandled: Unhandled;
}

/** Compiles the way of events to their handlers; for connections whose codec uses the other kind of message, `plain`. */
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

/** What befalls messages that come faster than the limits allow: events are answered, for others the connection is closed. */
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

/** A plain handler that takes what the codec makes of the whole message. */
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
