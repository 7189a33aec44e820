import { JsonCodec, type Codec, type Envelope } from 'portal-ws';

/** Event, id, and the rest: the end of answers (`.`), one of several (`+`), an error (`!`), or data. */
const LINE = /^([^\s"{[]+)(?: ([^\s"{[]+)(?: (?:(\.)|([+!]) (.+)|(.+)))?)?$/s;
const NONE = '-';

/**
 * A codec for people and for small devices: one line for each message, `EVENT ID JSON`, such as
 *
 *     readings.add 7 {"meter":"hall","value":21.5}
 *
 * `-` stands for no event or no id, and the rest may be absent. Events and ids are percent-encoded where needed.
 */
export class LineCodec implements Codec {
  readonly binary = false;
  /** Parses the text behind the id. */
  private readonly json = new JsonCodec();

  decode(message: string | Uint8Array): Envelope {
    const parts = LINE.exec(message as string);
    if (parts === null) throw new SyntaxError('a line is: event, id, JSON');
    const [, event, id, end, mark, marked, data = marked] = parts as (string | undefined)[];
    const name = readWord(event!);
    const key = readId(id ?? NONE);
    const value = data === undefined ? undefined : (this.json.decode(data) as unknown);
    return {
      ...(name !== undefined && { event: name }),
      ...(key !== undefined && { id: key }),
      ...(end !== undefined && { done: true }),
      ...(mark === '+' && { more: true }),
      ...(mark === '!' ? { error: value as NonNullable<Envelope['error']> } : value !== undefined && { data: value }),
    };
  }

  /** @throws TypeError for what JSON cannot express, RangeError for an event or an id without a character */
  encode({ event, id, data, error, more, done }: Envelope): string {
    const line = `${writeWord(event)} ${typeof id === 'number' ? id : writeWord(id)}`;
    if (done === true) return `${line} .`;
    if (error !== undefined) return `${line} ! ${JSON.stringify(error)}`;
    if (data === undefined) return line;
    const json = JSON.stringify(data) as string | undefined;
    if (json === undefined) throw new TypeError(`a ${typeof data} cannot be sent as JSON`);
    return `${line}${more === true ? ' +' : ''} ${json}`;
  }
}

function readWord(word: string): string | undefined {
  return word === NONE ? undefined : decodeURIComponent(word);
}

function readId(word: string): string | number | undefined {
  return isNumber(word) ? Number(word) : readWord(word);
}

/** Encodes the first character of a text that would be read as a number, or as nothing. */
function writeWord(word: string | undefined): string {
  if (word === undefined) return NONE;
  if (word === '') throw new RangeError('an event or an id has at least one character');
  const encoded = encodeURIComponent(word);
  if (encoded !== NONE && !isNumber(encoded)) return encoded;
  return `%${encoded.charCodeAt(0).toString(16).toUpperCase()}${encoded.slice(1)}`;
}

/** True for the canonical form of a number. An id such as `007` is a text, so that it comes back unchanged. */
function isNumber(word: string): boolean {
  const number = Number(word);
  return Number.isFinite(number) && String(number) === word;
}
