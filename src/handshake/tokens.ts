/** RFC 9110 5.6.2: the characters of a token. */
const TOKEN_CHARACTER = new Uint8Array(128);
for (const character of "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") {
  TOKEN_CHARACTER[character.charCodeAt(0)] = 1;
}

export function isTokenCharacter(code: number): boolean {
  return TOKEN_CHARACTER[code] === 1;
}

export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (!isTokenCharacter(text.charCodeAt(i))) return false;
  }
  return text.length > 0;
}

/**
 * The tokens of a comma-separated list, in one pass; empty elements are skipped (RFC 9110 5.6.1). Returns `undefined` where an
 * element is no token.
 */
export function parseTokenList(text: string): string[] | undefined {
  const tokens: string[] = [];
  for (const element of text.split(',')) {
    const token = trimWhitespace(element);
    if (token === '') continue;
    if (!isToken(token)) return undefined;
    tokens.push(token);
  }
  return tokens;
}

/** True where a list such as `Connection` or `Upgrade` has this lower-case token, in any case. */
export function listHasToken(text: string | undefined, token: string): boolean {
  if (text === undefined) return false;
  return text.split(',').some((element) => {
    const found = trimWhitespace(element);
    // the lower case of some letters outside ASCII is in ASCII
    return isToken(found) && found.toLowerCase() === token;
  });
}

/** Removes spaces and tabs at both ends (RFC 9110 5.6.3); `trim` would remove other characters too. */
function trimWhitespace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
