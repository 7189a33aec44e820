import { isExactNumber } from '../messages';
import type { Connection } from '../connection';

/** How the text of a path, a query or a header becomes what a parameter is declared as; undefined when it is none. */
export type Convert = (text: string) => unknown;

const BOOLEANS = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);

const CONVERTERS = new Map<unknown, Convert>([
  [undefined, (text) => text],
  [Object, (text) => text],
  [String, (text) => text],
  [Number, toNumber],
  [Boolean, (text) => BOOLEANS.get(text)],
]);

/** Undefined for a type that no text becomes. */
export function converterTo(type: unknown): Convert | undefined {
  return CONVERTERS.get(type);
}

/** Says at the upgrade what is wrong with a value that is there; undefined when nothing is. */
export type UrlCheck = (connection: Connection) => string | undefined;

/** `what`: such as `query parameter page`. */
export function checkAgainst(
  read: (connection: Connection) => string | undefined,
  type: unknown,
  what: string,
): UrlCheck | undefined {
  if (type !== Number && type !== Boolean) return undefined;
  const convert = CONVERTERS.get(type)!;
  return (connection) => {
    const text = read(connection);
    if (text === undefined || convert(text) !== undefined) return undefined;
    return `The ${what} must be a ${type === Number ? 'number' : 'boolean'}.`;
  };
}

/** A decimal number that is not altered: no blank, no hexadecimal, no infinity, no digit too many. */
function toNumber(text: string): number | undefined {
  return isExactNumber(text) ? Number(text) : undefined;
}
