import { partsOf, wildcardAt } from '../../channels';

const WILDCARDS = { one: '*', rest: '>' } as const;

/** Names that need no escaping, as most do. */
const PLAIN = /^[^:%.*> \p{Cc}\p{Cs}]+(?::[^:%.*> \p{Cc}\p{Cs}]+)*$/u;
/** Characters that a token cannot hold, and halves of surrogate pairs, which a decoder would change. */
const SPECIAL = /[%.*> \p{Cc}\p{Cs}]/gu;
const ESCAPED = /%(?:u([0-9A-F]{4})|([0-9A-F]{2}))/g;
/** The token of an empty part. Each escape is longer. */
const EMPTY = '%';
/**
 * A server closes connections that send lines of more than 4,096 bytes (`max_control_line`): a longer name would end the connection again
 * and again. The rest of the line needs less than 1,024.
 */
const MAX_BYTES = 3072;

/**
 * Writes a name as tokens of NATS: `room:7` is `room.7`.
 * @throws RangeError when the name is too long
 */
export function tokensOf(name: string): string {
  return bounded(PLAIN.test(name) ? name.replaceAll(':', '.') : partsOf(name).map(escaped).join('.'));
}

/**
 * Writes a name or a pattern as tokens of NATS: `room:*` is `room.*`, and `room:**` is `room.>`.
 * @throws RangeError when the name is too long
 */
export function filterOf(pattern: string): string {
  const parts = partsOf(pattern);
  const tokens = parts.map((part, index) => {
    const wildcard = wildcardAt(parts, index);
    return wildcard === undefined ? escaped(part) : WILDCARDS[wildcard];
  });
  return bounded(tokens.join('.'));
}

/** True where a filter stands for more than one name. Names have `*` and `>` escaped. */
export function isWildcard(filter: string): boolean {
  return filter.includes('*') || filter.endsWith('>');
}

/** Returns the name of which tokens were made. */
export function nameOf(tokens: string): string {
  return tokens.includes('%') ? tokens.split('.').map(unescaped).join(':') : tokens.replaceAll('.', ':');
}

function escaped(part: string): string {
  return part === '' ? EMPTY : part.replace(SPECIAL, escape);
}

function escape(character: string): string {
  const hex = character.charCodeAt(0).toString(16).toUpperCase();
  return hex.length > 2 ? `%u${hex}` : `%${hex.padStart(2, '0')}`;
}

function unescaped(token: string): string {
  if (token === EMPTY) return '';
  return token.replace(ESCAPED, (_, long: string | undefined, short: string) =>
    String.fromCharCode(parseInt(long ?? short, 16)),
  );
}

function bounded(tokens: string): string {
  // no character has more than three bytes in UTF-8 for each of its code units
  if (tokens.length * 3 > MAX_BYTES && Buffer.byteLength(tokens) > MAX_BYTES) {
    throw new RangeError(`the name is too long for a subject of NATS: ${MAX_BYTES} bytes, escaped, are possible`);
  }
  return tokens;
}
