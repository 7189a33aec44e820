/** Judges one value. `place`: its name, such as `heartbeat.intervalMs`. @throws TypeError, RangeError for what it may not be */
export type Rule = (value: unknown, place: string) => void;

/** All that may stand in an object of options, and what each must be. */
export type OptionTable<Options extends object> = { readonly [Name in keyof Required<Options>]: Rule };

/** Why a value is undefined that somebody wrote. */
export const CIRCULAR_IMPORT = 'two files that import each other are the usual cause';

/** Another place judges it. */
export const judgedElsewhere: Rule = () => {};

export const flag = must('true or false', (value) => typeof value === 'boolean');
export const text = must('a string', (value) => typeof value === 'string' && value !== '');
export const object = must(
  'an object',
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
);
export const callable = must('a function', (value) => typeof value === 'function');

/** A rule of one condition. `what`: what the value must be. */
export function must(what: string, holds: (value: unknown) => boolean): Rule {
  return (value, place) => {
    if (!holds(value)) throw new TypeError(`${place} must be ${what}, not ${shown(value)}${whyUndefined(value)}`);
  };
}

/** A whole number of `unit` in a range. */
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

/** One of these values, or whatever the rule says. */
export function oneOf(values: readonly unknown[], otherwise: Rule): Rule {
  return (value, place) => {
    if (!values.includes(value)) otherwise(value, place);
  };
}

/** An object that has these methods. `example`: how to get one. */
export function methods(names: readonly string[], example: string): Rule {
  const listed = names.length === 1 ? names[0]! : `${names.slice(0, -1).join(', ')} and ${names.at(-1)!}`;
  const has = (value: unknown, name: string): boolean =>
    typeof (Object(value) as Record<string, unknown>)[name] === 'function';
  return must(`an object with the method${names.length === 1 ? '' : 's'} ${listed}, such as ${example}`, (value) =>
    names.every((name) => has(value, name)),
  );
}

/** An object of options in options. */
export function options<Options extends object>(table: OptionTable<Options>): Rule {
  return (value, place) => checkOptions(value, table, place);
}

/**
 * Every option that is there, and none that does not exist: that is a slip of the pen most often, and what it was to change
 * would stay as it is without a word. An option that is undefined is not given.
 * @throws TypeError, RangeError
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

/** Such as `there is no option "prot"; there are name, port, host. Did you mean port?`. */
export function unknownName(name: string, known: object, place = ''): string {
  const where = place === '' ? '' : ` in ${place}`;
  const names = Object.keys(known);
  const meant = nearest(name, names);
  const hint = meant === undefined ? '' : `. Did you mean ${meant}?`;
  return `there is no option ${JSON.stringify(name)}${where}; there are ${names.join(', ')}${hint}`;
}

/** The name that is two slips of the pen away at the most, or begins with what was written. */
export function nearest(written: string, names: readonly string[]): string | undefined {
  const lower = written.toLowerCase();
  const distances = names.map((name) => ({ name, slips: slipsBetween(lower, name.toLowerCase()) }));
  const [best] = distances.sort((a, b) => a.slips - b.slips);
  if (best !== undefined && best.slips <= Math.min(2, Math.floor(written.length / 3))) return best.name;
  return names.find((name) => lower.length > 3 && name.toLowerCase().startsWith(lower));
}

/** Letters to insert, to leave out, to change (V. I. Levenshtein, 1966), or to swap with their neighbours. */
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

/** For the end of a sentence that says what a value is. */
export function whyUndefined(value: unknown): string {
  return value === undefined ? `; ${CIRCULAR_IMPORT}` : '';
}

/** A wrong value in an error, which a long or secret one does not fill: of an object only what it is. */
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
