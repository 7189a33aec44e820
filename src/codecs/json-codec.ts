import type { Codec, Envelope } from './codec';
import { hasUnsafeKeys } from './unsafe-keys';

/** What a text must contain for one of its keys to be unsafe: the name itself, or an escape that may spell it. */
const SUSPICIOUS = /__proto__|constructor|\\u/;

/** The default: `{"event":"chat.join","data":{…},"id":7}` in text messages. */
export class JsonCodec implements Codec {
  readonly binary = false;

  decode(message: string | Uint8Array): Envelope {
    const value: unknown = JSON.parse(message as string);
    if (SUSPICIOUS.test(message as string) && hasUnsafeKeys(value)) {
      throw new SyntaxError('a property is named __proto__ or constructor.prototype');
    }
    return value as Envelope;
  }

  /** @throws TypeError for what JSON cannot express: a function, a bigint, something that contains itself */
  encode({ event, data, id, error, more, done }: Envelope): string {
    let json = '';
    if (event !== undefined) json = `,"event":${JSON.stringify(event)}`;
    if (error !== undefined) json += `,"error":${JSON.stringify(error)}`;
    else if (data !== undefined) json += `,"data":${stringify(data)}`;
    if (id !== undefined) json += `,"id":${JSON.stringify(id)}`;
    if (more === true) json += ',"more":true';
    if (done === true) json += ',"done":true';
    return `{${json.slice(1)}}`;
  }
}

function stringify(data: unknown): string {
  const json = JSON.stringify(data) as string | undefined;
  if (json === undefined) throw new TypeError(`a ${typeof data} cannot be sent as JSON`);
  return json;
}
