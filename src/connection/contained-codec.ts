import { JsonCodec, MessagePackCodec, type Codec, type Envelope } from '../messages';
import { bytesOf } from './bytes';
import { classNameOf, errorThrown, isThenable, takeRejection } from '../messages';

/** Prototypes of our own codecs, which need no wrapping. */
const OURS = new Set<unknown>([JsonCodec.prototype, MessagePackCodec.prototype]);

/** The code of `TextDecoder`'s TypeError for bytes that are no text. It is no mistake in the codec. */
const NO_TEXT = 'ERR_ENCODING_INVALID_ENCODED_DATA';

/**
 * Wraps a user's codec so that it keeps to its interface: `decode` answers at once, `encode` returns a string or bytes.
 * `failed` hears of mistakes in `decode` itself, not of messages that cannot be read, and of the reasons of promises
 * that were thrown.
 */
export function containCodec(codec: Codec, failed: (error: unknown) => void): Codec {
  if (OURS.has(Object.getPrototypeOf(codec))) return codec;
  return {
    binary: codec.binary,
    decode(message) {
      try {
        return decoded(codec.decode(message));
      } catch (thrown) {
        const error = errorThrown(thrown, failed);
        if (isMistake(error)) failed(error);
        throw error;
      }
    },
    encode(envelope) {
      try {
        return encoded(codec.encode(envelope));
      } catch (thrown) {
        throw errorThrown(thrown, failed);
      }
    },
  };
}

function decoded(value: Envelope): Envelope {
  if (isThenable(value)) refusePromise(value, 'decode');
  if (typeof value === 'object' && value !== null) {
    for (const part of [value.event, value.data, value.id, value.error]) {
      if (isThenable(part)) refusePromise(part, 'decode', 'an envelope with ');
    }
  }
  return value;
}

function encoded(value: unknown): string | Uint8Array {
  if (typeof value === 'string') return value;
  const bytes = bytesOf(value);
  if (bytes !== undefined) return bytes;
  if (isThenable(value)) refusePromise(value, 'encode');
  const what = typeof value === 'object' && value !== null ? `an object (${classNameOf(value)})` : String(value);
  throw new TypeError(`encode of a codec returned ${what}, and no string or Uint8Array`);
}

function refusePromise(value: PromiseLike<unknown>, method: string, inside = ''): never {
  takeRejection(value, ignore);
  throw new TypeError(`${method} of a codec returned ${inside}a promise: a codec cannot be asynchronous`);
}

/** True for errors that a decoder rarely throws on purpose. */
function isMistake(error: unknown): boolean {
  const { name, code } = Object(error) as { name?: unknown; code?: unknown };
  return (name === 'TypeError' || name === 'ReferenceError') && code !== NO_TEXT;
}

function ignore(): void {}
