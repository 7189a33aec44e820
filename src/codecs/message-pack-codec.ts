import { Decoder, Encoder } from '@msgpack/msgpack';
import type { Codec, Envelope } from './codec';
import { KeyCache } from './key-cache';
import { isWholeMessagePack } from './message-pack-size';
import { isDevelopment, whyUnsendable, whyUnsendableWithin } from './unsendable';
import { hasUnsafeKeys } from './unsafe-keys';

/** Characters of a name that may have been broken. */
const MAX_BROKEN = 4096;

/** The same envelopes as MessagePack maps, in binary messages. Bytes travel as bytes, a `Date` as a timestamp. */
export class MessagePackCodec implements Codec {
  readonly binary = true;
  private readonly decoder = new Decoder({ keyDecoder: new KeyCache() });
  private readonly encoder = new Encoder({ ignoreUndefined: true });

  decode(message: string | Uint8Array): Envelope {
    const bytes = message as Uint8Array;
    if (!isWholeMessagePack(bytes)) throw new RangeError('the message is no whole MessagePack value');
    const value = this.decoder.decode(bytes);
    if (maySpell(bytes) && hasUnsafeKeys(value))
      throw new RangeError('a property is named __proto__ or constructor.prototype');
    const { event, id } = Object(value) as Envelope;
    if (isBroken(event) || isBroken(id)) throw new RangeError('a long event or id is not UTF-8');
    return value as Envelope;
  }

  /** @throws TypeError for what MessagePack cannot express, or would make `{}` of; deep inside data, for the latter, in development only */
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
    // an empty map
    if (bytes.includes(0x80) && isDevelopment()) {
      const why = whyUnsendableWithin(envelope.error?.details ?? data, true);
      if (why !== undefined) throw new TypeError(why);
    }
    return bytes;
  }
}

/** Names that are sent back. A byte that is no UTF-8 is decoded as a character of three, so a long one would multiply. */
function isBroken(text: unknown): boolean {
  return typeof text === 'string' && text.length > MAX_BROKEN && text.includes('\ufffd');
}

/** Whether an unsafe name may stand in it; MessagePack knows no escapes. */
function maySpell(bytes: Uint8Array): boolean {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  return buffer.includes('__proto__') || buffer.includes('constructor');
}
