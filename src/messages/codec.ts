import type { Envelope } from './envelope';

/**
 * Turns envelopes into messages and back, at once: neither method returns a promise. One codec serves all connections of a path, so it
 * keeps nothing of a connection. An error of `decode` is answered with `malformed_message`; a `TypeError` or `ReferenceError` is logged too,
 * since it is a mistake of the codec as a rule.
 */
export interface Codec {
  /** True where its messages are binary, false where they are text. */
  readonly binary: boolean;
  /** `message` is a string for a text codec, a `Uint8Array` for a binary codec. @throws any error for a message that it cannot read */
  decode(message: string | Uint8Array): Envelope;
  /** @throws any error for an envelope that it cannot express */
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
