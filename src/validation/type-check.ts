import { invalid } from './issues';

/** Checks a value against the type of its parameter. Returns the value. @throws PortalError with the type that the value must have */
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

/** The check of a type that needs no class-validator; `undefined` for others. `path` is the place of the value in the message. */
export function checkOf(type: unknown, path: string): Check | undefined {
  const kind = KINDS.get(type);
  if (kind === undefined) return undefined;
  return (value) => {
    if (kind.holds(value)) return value;
    throw invalid(path, kind.constraint, `${path || 'data'} must be ${kind.text}`);
  };
}
