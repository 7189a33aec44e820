import { invalid } from './issues';

/** Says at run time what the compiler said of a parameter: its value, or the error that tells the peer what it must be. */
export type Check = (value: unknown) => unknown;

interface Kind {
  readonly constraint: string;
  readonly text: string;
  holds(value: unknown): boolean;
}

const BYTES: Kind = { constraint: 'isBytes', text: 'bytes', holds: (value) => value instanceof Uint8Array };

const KINDS = new Map<unknown, Kind>([
  [String, { constraint: 'isString', text: 'a string', holds: (value) => typeof value === 'string' }],
  [Number, { constraint: 'isNumber', text: 'a number', holds: (value) => Number.isFinite(value) }],
  [Boolean, { constraint: 'isBoolean', text: 'a boolean', holds: (value) => typeof value === 'boolean' }],
  [Array, { constraint: 'isArray', text: 'an array', holds: Array.isArray }],
  [
    Date,
    { constraint: 'isDate', text: 'a date', holds: (value) => value instanceof Date && !Number.isNaN(value.getTime()) },
  ],
  [Uint8Array, BYTES],
  [Buffer, BYTES],
]);

/** For a type that needs no class-validator; undefined for others. `path`: where the value stands in the message. */
export function checkOf(type: unknown, path: string): Check | undefined {
  const kind = KINDS.get(type);
  if (kind === undefined) return undefined;
  return (value) => {
    if (kind.holds(value)) return value;
    throw invalid(path, kind.constraint, `${path || 'data'} must be ${kind.text}`);
  };
}
