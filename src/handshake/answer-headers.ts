import { isToken } from './tokens';

/** Headers of an answer. An array is sent as several lines, as `Set-Cookie` needs. */
export type AnswerHeaders = Readonly<Record<string, string | readonly string[]>>;

export interface Field {
  readonly name: string;
  readonly values: string[];
}

/** Headers of answers for which Node's HTTP/2 throws where they have several values. */
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

/** Visible characters, spaces and tabs (RFC 9110 5.5): a CR or LF could begin another header. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/**
 * The headers by their names in lower case, in order. Names that differ only in case are one header; an empty array is left out.
 * @param leavesOut true for the names, in lower case, of headers that users may not set
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

/** @throws TypeError for a name or value that is not allowed */
export function checkedValue(name: string, value: unknown): string {
  if (!isToken(name)) throw new TypeError(`${JSON.stringify(name)} is no header name`);
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new TypeError(`the value of the header ${name} must be a string or an array of strings`);
  }
  if (FIELD_VALUE.test(String(value))) return String(value);
  throw new TypeError(`the value of the header ${name} has a character that may not be sent`);
}
