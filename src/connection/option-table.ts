/**
 * Checks one value. `place`: its name, such as `heartbeat.intervalMs`.
 * @throws TypeError for a value of the wrong type
 * @throws RangeError for a value out of range
 */
export type Rule = (value: unknown, place: string) => void;

/** All options that an object may have, and the rule of each. */
export type OptionTable<Options extends object> = { readonly [Name in keyof Required<Options>]: Rule };

/** A reason why a value that was written is undefined. */
export const CIRCULAR_IMPORT = 'two files that import each other are the usual cause';

/** For options that are checked elsewhere. */
export const judgedElsewhere: Rule = () => {};

export const flag = must('true or false', (value) => typeof value === 'boolean');
export const text = must('a string', (value) => typeof value === 'string' && value !== '');
export const object = must(
  'an object',
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);
export const callable = must('a function', (value) => typeof value === 'function');

/** Makes a rule of one condition. `what`: the expected value, in words. */
export function must(what: string, holds: (value: unknown) => boolean): Rule {
  return (value, place) => {
    if (!holds(value)) throw new TypeError(`${place} must be ${what}, not ${shown(value)}${whyUndefined(value)}`);
  };
}

/** Makes a rule for a whole number of `unit` in a range. */
export function wholeNumber(min: number, max: number, unit = ''): Rule {
  const range = max === Number.MAX_SAFE_INTEGER ? `from ${min} on` : `from ${min} to ${max}`;
  return (value, place) => {
    if (Number.isInteger(value) && (value as number) >= min && (value as number) <= max) return;
    throw new RangeError(`${place} must be a whole number ${unit && `of ${unit} `}${range}, not ${shown(value)}`);
  };
}

export function listOf(rule: Rule): Rule {
  return (value, place) => {
    if (!Array.isArray(value)) throw new TypeError(`${place} must be an array, not ${shown(value)}`);
    // `map` and its kin would skip the holes
    for (let index = 0; index < value.length; index++) rule(value[index], `${place}[${index}]`);
  };
}

/** Makes a rule for one of these values, or else another rule. */
export function oneOf(values: readonly unknown[], otherwise: Rule): Rule {
  return (value, place) => {
    if (!values.includes(value)) otherwise(value, place);
  };
}

/** Makes a rule for an object with these methods. `example`: how to get one. */
export function methods(names: readonly string[], example: string): Rule {
  const listed = names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;
  const has = (value: unknown, name: string): boolean =>
    typeof (Object(value) as Record<string, unknown>)[name] === 'function';
  return must(`an object with the method${names.length === 1 ? '' : 's'} ${listed}, such as ${example}`, (value) =>
    names.every((name) => has(value, name)),
  );
}

/** Makes a rule for an object of options in options. */
export function options<Options extends object>(table: OptionTable<Options>): Rule {
  return (value, place) => checkOptions(value, table, place);
}

/**
 * Checks an object of options: every option follows its rule, and exists. An unknown option is a slip of the pen most
 * often, and would be ignored silently. Undefined options count as absent.
 * @throws TypeError for an unknown option or a value of the wrong type
 * @throws RangeError for a value out of range
 */
export function checkOptions<Options extends object>(value: unknown, table: OptionTable<Options>, place = ''): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const example = `{ ${Object.keys(table)[0]}: … }`;
    throw new TypeError(
      `${place || 'the options'} must be an object such as ${example}, not ${shown(value)}${whyUndefined(value)}`,
    );
  }
  for (const [name, item] of Object.entries(value)) {
    if (!Object.hasOwn(table, name)) throw new TypeError(unknownName(name, table, place));
    if (item !== undefined) (table as Record<string, Rule>)[name]!(item, place === '' ? name : `${place}.${name}`);
  }
}

/**
 * The sentence about an unknown name, such as `there is no option "prot"; there are name, port, host. Did you mean
 * port?`.
 */
export function unknownName(name: string, known: object, place = ''): string {
  const where = place === '' ? '' : ` in ${place}`;
  const names = Object.keys(known);
  const meant = nearest(name, names);
  const hint = meant === undefined ? '' : `. Did you mean ${meant}?`;
  return `there is no option ${JSON.stringify(name)}${where}; there are ${names.join(', ')}${hint}`;
}

/** The known name that is at most two slips of the pen away, or begins with what was written. */
export function nearest(written: string, names: readonly string[]): string | undefined {
  const lower = written.toLowerCase();
  const distances = names.map((name) => ({ name, slips: slipsBetween(lower, name.toLowerCase()) }));
  const [best] = distances.sort((a, b) => a.slips - b.slips);
  if (best !== undefined && best.slips <= Math.min(2, Math.floor(written.length / 3))) return best.name;
  return names.find((name) => lower.length > 3 && name.toLowerCase().startsWith(lower));
}

/** Number of letters to insert, remove, change (V. I. Levenshtein, 1966) or swap with a neighbour. */
function slipsBetween(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = last[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : changed;
      row.push(Math.min(changed, swapped, last[j]! + 1, row[j - 1]! + 1));
    }
    [before, last] = [last, row];
  }
  return last[b.length]!;
}

/** The end of an error message about a value that is undefined. */
export function whyUndefined(value: unknown): string {
  return value === undefined ? `; ${CIRCULAR_IMPORT}` : '';
}

/**
 * Shows a wrong value in an error message: shortened, and an object by its kind only, since it may be long or secret.
 */
export function shown(value: unknown): string {
  if (typeof value === 'string') {
    return /^[\w.-]{1,40}$/.test(value) && !Number.isNaN(Number(value))
      ? `${value} (a string)`
      : JSON.stringify(value.slice(0, 40));
  }
  if (typeof value === 'function') return /^class\b/.test(String(value)) ? `the class ${value.name}` : 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value !== 'object' || value === null) return String(value);
  const { constructor } = value as { constructor?: unknown };
  return typeof constructor === 'function' && constructor !== Object ? `a ${constructor.name}` : 'an object';
}
