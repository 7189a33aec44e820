/** One event, reply or error between a client and a controller, whatever bytes carry it. */
export interface Envelope {
  /** Which handler it is for. Absent in the error reply to a message that named none. */
  event?: string | undefined;
  data?: unknown;
  /** Set by who wants an answer; the answer has the same one. Those of the server begin with `s:`. */
  id?: string | number | undefined;
  /** In place of `data`. */
  error?: { code: string; message: string; details?: unknown; truncated?: boolean | undefined } | undefined;
  /** One of several answers to an `id`. */
  more?: boolean | undefined;
  /** The last answer to an `id` that had several. */
  done?: boolean | undefined;
}

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
