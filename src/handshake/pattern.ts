/**
 * Translates a pattern such as `/rooms/:room` for find-my-way, where static parts are decoded and a colon is doubled.
 * @throws Error for a pattern that find-my-way accepts, but would never match or would match otherwise than it reads
 */
export function compilePattern(pattern: string): string {
  const refuse = (what: string): never => {
    throw new Error(`the path ${pattern} has ${what}`);
  };
  const names = new Set<string>();
  let compiled = '';
  let rest = pattern;
  while (rest !== '') {
    const part = STATIC.exec(rest)?.[0];
    if (part !== undefined) {
      compiled += compileStatic(part, refuse);
      rest = rest.slice(part.length);
    } else if (rest === '*') {
      compiled += rest;
      rest = '';
    } else if (rest.startsWith('*')) {
      refuse('a * before its end: it stands for all the rest');
    } else {
      const parameter = parameterAt(rest, compiled, refuse);
      if (names.has(parameter.name)) refuse(`the parameter :${parameter.name} twice`);
      names.add(parameter.name);
      compiled += parameter.text;
      rest = rest.slice(parameter.text.length);
    }
  }
  if (compiled.split('/').some((segment) => segment === '.' || segment === '..')) {
    refuse('a segment . or .., which clients resolve');
  }
  return compiled;
}

type Refuse = (what: string) => never;

const STATIC = /^[^:*]+/;

function compileStatic(part: string, refuse: Refuse): string {
  if (/[?#]/.test(part)) refuse('a query or a fragment, which belong to no path');
  if (/[{}[\]<>]/.test(part)) refuse('brackets: a parameter is written :name');
  if (/[()]/.test(part)) refuse('a group that stands behind no name of a parameter, as in :id(\\d+)');
  if (part.includes('\\')) refuse('a backslash, which clients make a slash');
  const encoded = /%(?:2[AF3]|3F)/i.exec(part)?.[0];
  if (encoded !== undefined) refuse(`${encoded}, which only a parameter can match`);
  try {
    return decodeURIComponent(part).replaceAll(':', '::');
  } catch {
    return refuse('a % that encodes nothing: write %25');
  }
}

const PARAMETER = /^:([A-Za-z_]\w*)?/;
const CAPTURE = /\((?!\?(?:[:=!]|<[=!]))/;

/** The parameter at the beginning of a text: name, group, and `?` where it is optional. */
function parameterAt(rest: string, before: string, refuse: Refuse): { name: string; text: string } {
  const [start, name] = PARAMETER.exec(rest)!;
  if (rest.startsWith('::')) refuse(':: for a colon: write %3A');
  if (name === undefined) return refuse('a parameter without a name');
  const group = groupAt(rest.slice(start.length));
  if (group === undefined) return refuse('a parenthesis that is never closed');
  if (CAPTURE.test(group.slice(1).replace(/\\.|\[[^\]]*\]/g, ''))) {
    refuse(`a group in what :${name} matches, which would take the place of the next parameter: write (?:…)`);
  }
  if (group.includes('/')) refuse(`a slash in what :${name} matches, which is one segment at the most`);
  const text = start + group;
  const next = /./su.exec(rest.slice(text.length))?.[0];
  if (next === '?') {
    if (group !== '' || !before.endsWith('/')) refuse(`:${name}?, but only a whole segment may be left out`);
    if (rest.length > text.length + 1) refuse(`:${name}? before its end, and only there may it be left out`);
    return { name, text: `${text}?` };
  }
  if (next === '+' || next === '*') refuse(`:${name}${next}, but a parameter is one segment: write * for all the rest`);
  if (group === '' && next !== undefined && !'/-.'.includes(next)) {
    refuse(
      `:${name} before ${next}, where a name does not end: write what it matches, as in :${name}([^${next}]+)${next}`,
    );
  }
  return { name, text };
}

/** The group at the beginning of a text; '' where there is none, `undefined` where it is not closed. */
function groupAt(text: string): string | undefined {
  if (!text.startsWith('(')) return '';
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '(') depth++;
    else if (text[at] === ')' && --depth === 0) return text.slice(0, at + 1);
  }
  return undefined;
}
