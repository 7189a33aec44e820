const DECIMAL = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** Whether a text is a decimal number, as JSON writes them, that JavaScript would write with the same digits: not rounded, nor out of range. */
export function isExactNumber(text: string): boolean {
  const digits = canonical(text);
  return digits !== undefined && digits === canonical(String(Number(text)));
}

/** Its digits from the first that is not 0 to the last, and where the point is. */
function canonical(text: string): string | undefined {
  const [, whole, fraction = '', exponent = '0'] = DECIMAL.exec(text) ?? [];
  if (whole === undefined) return undefined;
  const digits = whole + fraction;
  let first = 0;
  let last = digits.length;
  while (first < last && digits[first] === '0') first++;
  while (last > first && digits[last - 1] === '0') last--;
  if (first === last) return '0';
  const power = Number(exponent) - fraction.length + digits.length - last;
  return `${text.startsWith('-') ? '-' : ''}${digits.slice(first, last)}e${power}`;
}

/** What may be an id that is written with a point or an exponent, or under a name with an escape. */
const SUSPICIOUS = /"id"\s*:\s*-?\d+[.eE]|\\u/;

/** Whether the id of an envelope is the number that its text says. `text` is JSON that was parsed. */
export function hasExactId(text: string): boolean {
  if (!SUSPICIOUS.test(text)) return true;
  const source = memberOf(text, 'id');
  return source === undefined || !/^[-\d]/.test(source) || isExactNumber(source);
}

/** The source of a member of an object; of the last, where there are several, as `JSON.parse` has it. */
function memberOf(text: string, name: string): string | undefined {
  let depth = 0;
  let key: string | undefined;
  let source: string | undefined;
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!;
    if (character === '"') {
      const start = at;
      at = endOfString(text, at);
      // a key, or a value that is no number
      if (depth === 1) key = text.slice(start, at + 1);
    } else if (character === '{' || character === '[') {
      depth++;
    } else if (character === '}' || character === ']') {
      depth--;
    } else if (character === ':' && depth === 1 && (JSON.parse(key!) as string) === name) {
      source = /^[\s]*([^\s,}\]]*)/.exec(text.slice(at + 1, at + 1 + MOST))?.[1];
    }
  }
  return source;
}

/** Longer numbers are as a rule not exact, and nobody writes so many blanks. */
const MOST = 1000;

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
