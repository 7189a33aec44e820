import type { Codec } from './codec';
import type { Envelope } from './envelope';
import { hasExactId } from './exact-number';
import { refuseHeavyJson } from './json-size';
import { isDevelopment } from './runtime';
import { whyUnsendable, whyUnsendableWithin } from './unsendable';
import { hasUnsafeKeys } from './unsafe-keys';

/** Matches each text that may have an unsafe key: the key itself, or an escape that may spell it. */
const SUSPICIOUS = /__proto__|constructor|\\u/;

/** Matches characters that JSON must escape (RFC 8259 section 7), and surrogates, which may stand alone. */
const ESCAPED = /[^ !#-[\]-\ud7ff\ue000-\uffff]/;

/** The most names of events that are kept as JSON, and the longest. Peers choose some of the names. */
const MAX_NAMES = 1024;
const MAX_NAME_LENGTH = 128;

/** The default codec: `{"event":"chat.join","data":{…},"id":7}` in text messages. */
export class JsonCodec implements Codec {
  readonly binary = false;
  private readonly names = new Map<string, string>();

  decode(message: string | Uint8Array): Envelope {
    refuseHeavyJson(message as string);
    const value: unknown = JSON.parse(message as string);
    if (SUSPICIOUS.test(message as string) && hasUnsafeKeys(value)) {
      throw new SyntaxError('a property is named __proto__ or constructor.prototype');
    }
    const envelope = value as Envelope | null;
    if (typeof envelope?.id === 'number' && !hasExactId(message as string)) {
      throw new SyntaxError('the id is no number that can be sent back as it is');
    }
    return value as Envelope;
  }

  /** @throws TypeError for what JSON cannot express: a function, a bigint, something that contains itself */
  encode({ event, data, id, error, more, done }: Envelope): string {
    let json = event === undefined ? '' : (this.names.get(event) ?? this.nameOf(event));
    if (error !== undefined) json += `,"error":${stringify(error)}`;
    else if (data !== undefined) json += `,"data":${stringify(data)}`;
    if (id !== undefined) json += `,"id":${stringify(id)}`;
    if (more === true) json += ',"more":true';
    if (done === true) json += ',"done":true';
    return event === undefined ? `{${json.slice(1)}}` : `{${json}}`;
  }

  private nameOf(event: string): string {
    const name = `"event":${JSON.stringify(event)}`;
    if (event.length > MAX_NAME_LENGTH) return name;
    if (this.names.size >= MAX_NAMES) this.names.clear();
    this.names.set(event, name);
    return name;
  }
}

/**
 * Data as JSON.
 * @throws TypeError for a value that would arrive as something else, such as a `Map`, which would be `{}`; deep inside data, in development only
 */
export function stringify(data: unknown): string {
  // two thirds of what JSON.stringify takes for a short string
  if (typeof data === 'string' && !ESCAPED.test(data)) return `"${data}"`;
  if (typeof data === 'object' && data !== null) refuse(whyUnsendable(data, false));
  const json = JSON.stringify(data) as string | undefined;
  if (json === undefined) throw new TypeError(`a ${typeof data} cannot be sent as JSON`);
  if ((json.includes('{}') || json.includes('{"0":')) && isDevelopment()) refuse(whyUnsendableWithin(data, false));
  return json;
}

function refuse(why: string | undefined): void {
  if (why !== undefined) throw new TypeError(why);
}
