const DECIMAL = /^-?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** True for a decimal number as JSON writes it that a JavaScript number holds with all its digits. */
export function isExactNumber(text: string): boolean {
  const digits = canonical(text);
  return digits !== undefined && digits === canonical(String(Number(text)));
}

/** The digits from the first that is not 0 to the last, with the place of the point. */
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

/** Matches an id with a point or an exponent, and any escape, which may spell the name `id`. */
const SUSPICIOUS = /"id"\s*:\s*-?\d+[.eE]|\\u/;

/** True where the number that `JSON.parse` made of an envelope's id has all the digits of the text. `text` is valid JSON. */
export function hasExactId(text: string): boolean {
  if (!SUSPICIOUS.test(text)) return true;
  const source = memberOf(text, 'id');
  return source === undefined || !/^[-\d]/.test(source) || isExactNumber(source);
}

/** The source text of a member of an object; of several with that name, the last, as in `JSON.parse`. */
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

/** Characters of a number with the blanks before it. Longer numbers are not exact as a rule. */
const MOST = 1000;

function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === '\\' ? 2 : 1;
  return at;
}
