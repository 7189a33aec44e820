import { isExactNumber } from '../messages';
import type { Connection } from '../connection';

/** Converts a text of the handshake to the type of a parameter; `undefined` for a text that is no such value. */
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

/** `undefined` for a type that no text becomes. */
export function converterTo(type: unknown): Convert | undefined {
  return CONVERTERS.get(type);
}

/** Checks a value at the upgrade. Returns the error for the client; `undefined` for an absent or valid value. */
export type UrlCheck = (connection: Connection) => string | undefined;

/** The check of a number or boolean; `undefined` for other types. `what` names the value, such as `query parameter page`. */
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

/** Converts a decimal number that JavaScript holds exactly: no blanks, no hexadecimal, no infinity. */
function toNumber(text: string): number | undefined {
  return isExactNumber(text) ? Number(text) : undefined;
}
