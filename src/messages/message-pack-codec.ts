import {
  decodeTimestampToTimeSpec,
  Decoder,
  Encoder,
  encodeTimestampExtension,
  EXT_TIMESTAMP,
  ExtensionCodec,
} from '@msgpack/msgpack';
import type { Codec } from './codec';
import type { Envelope } from './envelope';
import { KeyCache } from './key-cache';
import { isWholeMessagePack } from './message-pack-size';
import { includesText, isDevelopment } from './runtime';
import { whyUnsendable, whyUnsendableWithin } from './unsendable';
import { hasUnsafeKeys } from './unsafe-keys';

/** Dates as timestamps of MessagePack. Each of the two has values that the other lacks. */
const EXTENSIONS = new ExtensionCodec();
EXTENSIONS.register({ type: EXT_TIMESTAMP, encode: timestampOf, decode: dateOf });

/** Envelopes as MessagePack maps in binary messages. Bytes travel as bytes, a `Date` as a timestamp. */
export class MessagePackCodec implements Codec {
  readonly binary = true;
  private readonly decoder = new Decoder({ extensionCodec: EXTENSIONS, keyDecoder: new KeyCache() });
  private readonly encoder = new Encoder({ ignoreUndefined: true, extensionCodec: EXTENSIONS });

  decode(message: string | Uint8Array): Envelope {
    const bytes = message as Uint8Array;
    if (!isWholeMessagePack(bytes, true)) {
      throw new RangeError('the message is no whole MessagePack value, or a string in it is no UTF-8');
    }
    const value = this.decoder.decode(bytes);
    if (maySpell(bytes) && hasUnsafeKeys(value))
      throw new RangeError('a property is named __proto__ or constructor.prototype');
    return value as Envelope;
  }

  /**
   * @throws TypeError for a value that MessagePack cannot express, such as an invalid `Date` or half of a surrogate pair
   * @throws TypeError for a value that would arrive as `{}`; deep inside data, in development only
   */
  encode(envelope: Envelope): Uint8Array {
    const { data } = envelope;
    if (typeof data === 'object' && data !== null) {
      const why = whyUnsendable(data, true);
      if (why !== undefined) throw new TypeError(why);
    }
    let bytes: Uint8Array;
    try {
      bytes = this.encoder.encode(envelope);
    } catch (cause) {
      throw new TypeError(`it cannot be sent as MessagePack: ${String(cause)}`, { cause });
    }
    if (mayHoldHalves(bytes) && hasHalves(envelope)) {
      throw new TypeError('half a character, such as the first unit of an emoji, cannot be sent as MessagePack');
    }
    // an empty map
    if (bytes.includes(0x80) && isDevelopment()) {
      const why = whyUnsendableWithin(envelope.error?.details ?? data, true);
      if (why !== undefined) throw new TypeError(why);
    }
    return bytes;
  }
}

/** The encoder writes half of a surrogate pair in bytes that begin with 0xed, or as U+FFFD, which begins with 0xef. */
function mayHoldHalves(bytes: Uint8Array): boolean {
  return bytes.includes(0xed) || bytes.includes(0xef);
}

const HALF = /\p{Surrogate}/u;

/** True where half of a surrogate pair stands in a value without cycles. */
function hasHalves(value: unknown): boolean {
  if (typeof value === 'string') return HALF.test(value);
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return false;
  return Object.entries(value).some(([key, item]) => HALF.test(key) || hasHalves(item));
}

function timestampOf(value: unknown): Uint8Array | null {
  if (value instanceof Date && Number.isNaN(value.getTime())) throw new TypeError('a Date is invalid');
  return encodeTimestampExtension(value);
}

/** An invalid `Date` for a timestamp beyond the range of `Date`, or with more nanoseconds than the specification allows. */
function dateOf(bytes: Uint8Array): Date {
  const { sec, nsec } = decodeTimestampToTimeSpec(bytes);
  return new Date(nsec > 999_999_999 ? NaN : sec * 1000 + nsec / 1e6);
}

/** True where a message may have an unsafe name; MessagePack has no escapes. */
function maySpell(bytes: Uint8Array): boolean {
  return includesText(bytes, '__proto__') || includesText(bytes, 'constructor');
}
