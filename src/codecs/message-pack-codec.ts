import { Decoder, Encoder } from '@msgpack/msgpack';
import type { Codec, Envelope } from './codec';
import { isWholeMessagePack } from './message-pack-size';
import { hasUnsafeKeys } from './unsafe-keys';

/** The same envelopes as MessagePack maps, in binary messages. Bytes travel as bytes, a `Date` as a timestamp. */
export class MessagePackCodec implements Codec {
  readonly binary = true;
  private readonly decoder = new Decoder();
  private readonly encoder = new Encoder({ ignoreUndefined: true });

  decode(message: string | Uint8Array): Envelope {
    const bytes = message as Uint8Array;
    if (!isWholeMessagePack(bytes)) throw new RangeError('the message is no whole MessagePack value');
    const value = this.decoder.decode(bytes);
    if (hasUnsafeKeys(value)) throw new RangeError('a property is named __proto__ or constructor.prototype');
    return value as Envelope;
  }

  /** @throws Error for what MessagePack cannot express */
  encode(envelope: Envelope): Uint8Array {
    return this.encoder.encode(envelope);
  }
}
