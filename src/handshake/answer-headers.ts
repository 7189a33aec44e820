import { isToken } from './tokens';

/** Headers of an answer: each has a value, or several, of which each gets a line of its own, as `Set-Cookie` needs. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[]>>;

export interface Field {
  readonly name: string;
  readonly values: string[];
}

/** Of those that an answer may have, the ones that Node sends once over HTTP/2, and throws for more. */
const SINGLE = new Set([
  'age',
  'access-control-allow-credentials',
  'access-control-max-age',
  'content-encoding',
  'content-language',
  'content-location',
  'content-md5',
  'content-range',
  'content-type',
  'date',
  'etag',
  'expires',
  'last-modified',
  'location',
  'retry-after',
  'tk',
  'x-content-type-options',
]);

/** Visible characters, spaces and tabs (RFC 9110 5.5): no CR or LF, with which one could write headers of one's own. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The headers by their names in lower case, in their order; those written twice in different case are one. An empty list says nothing.
 * @param leavesOut which names, in lower case, are not for the user to say
 * @throws TypeError for a header that may not be sent
 */
export function fieldsOf(headers: AnswerHeaders, leavesOut: (name: string) => boolean): Map<string, Field> {
  const fields = new Map<string, Field>();
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase();
    const values = typeof value === 'object' && value !== null ? value : [value];
    if (leavesOut(key) || values.length === 0) continue;
    const field = fields.get(key) ?? { name, values: [] };
    for (const each of values) field.values.push(checkedValue(name, each));
    if (field.values.length > 1 && SINGLE.has(key)) {
      throw new TypeError(`the header ${name} has one value, not ${field.values.length}`);
    }
    fields.set(key, field);
  }
  return fields;
}

/** @throws TypeError for what would not be one header */
export function checkedValue(name: string, value: unknown): string {
  if (!isToken(name)) throw new TypeError(`${JSON.stringify(name)} is no header name`);
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new TypeError(`the value of the header ${name} must be a string or an array of strings`);
  }
  if (FIELD_VALUE.test(String(value))) return String(value);
  throw new TypeError(`the value of the header ${name} has a character that may not be sent`);
}
