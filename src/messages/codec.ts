import type { Envelope } from './envelope';

/**
 * Turns envelopes into messages and back, at once: neither method returns a promise. One codec serves all connections of a path, so it
 * keeps nothing of a connection. What `decode` throws is answered with `malformed_message`, and logged where it is a `TypeError` or a
 * `ReferenceError`, which is a mistake of the codec as a rule.
 */
export interface Codec {
  /** Whether its messages are binary ones; text otherwise. */
  readonly binary: boolean;
  /** `message`: a string from a text codec's peer, a `Uint8Array` from a binary one's. @throws anything when it cannot be read */
  decode(message: string | Uint8Array): Envelope;
  /** @throws anything when it cannot be expressed */
  encode(envelope: Envelope): string | Uint8Array;
}

/** The envelope in a message of the codec's kind; `undefined` where it cannot be read, or is no object. */
export function decodeEnvelope(codec: Codec, message: string | Uint8Array): Envelope | undefined {
  try {
    const envelope: unknown = codec.decode(message);
    return typeof envelope === 'object' && envelope !== null ? envelope : undefined;
  } catch {
    return undefined;
  }
}
