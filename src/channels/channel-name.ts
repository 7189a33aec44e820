import { createHash } from 'node:crypto';
import { partsOf, wildcardAt } from './channel-pattern';

/** A longer name is most often a mistake, and brokers keep every name in memory. */
const MAX_LENGTH = 200;

/** White space, control characters and halves of surrogate pairs. Portal's own subjects have a space. */
const NOT_IN_PATTERNS = /[\s\p{Cc}\p{Cs}]/u;
const NOT_IN_NAMES = /[*\s\p{Cc}\p{Cs}]/u;

/** Characters that a name cannot hold, and those to which `channelName` gives a meaning. */
const SPECIAL = /[%:*\s\p{Cc}\p{Cs}]/gu;

/** No escape begins like this: `%` is followed by two hexadecimal digits, or by `u` and four. */
const DIGEST = '%sha256-';
/** SHA-256 as base64url. */
const DIGEST_LENGTH = DIGEST.length + 43;

const NAME_RULE = `a channel's name has 1 to ${MAX_LENGTH} characters, no white space and no *`;
const PATTERN_RULE = 'in a pattern of channels, a part between colons is a name or *, and the last one may be **';

/**
 * A name, pattern or offset is not valid. Most often it was made of what a client sent, so a handler that throws this error answers with
 * `validation_failed`.
 */
export class ChannelError extends TypeError {
  readonly code = 'validation_failed';

  constructor(
    /** The part of the message that a client may read: it does not name the channel. */
    readonly reason: string,
    subject?: string,
  ) {
    super(subject === undefined ? reason : `${reason}: ${JSON.stringify(subject.slice(0, MAX_LENGTH))}`);
  }
}

/** @throws ChannelError for what is not the name of a channel */
export function checkName(channel: unknown): void {
  checkText(channel, NOT_IN_NAMES);
}

/** @throws ChannelError for what is not a pattern of names */
export function checkPattern(pattern: unknown): void {
  if (checkNameOrPattern(pattern) === 'pattern') return;
  throw new ChannelError(
    'a pattern of channels has a part that is * or **; names have calls of their own',
    String(pattern),
  );
}

/** @throws ChannelError for what is neither the name of a channel nor a pattern of names */
export function checkNameOrPattern(channel: unknown): 'name' | 'pattern' {
  checkText(channel, NOT_IN_PATTERNS);
  if (!channel.includes('*')) return 'name';
  const parts = partsOf(channel);
  const isAllowed = (part: string, index: number): boolean =>
    !part.includes('*') || wildcardAt(parts, index) !== undefined;
  if (!parts.every(isAllowed)) throw new ChannelError(PATTERN_RULE, channel);
  return 'pattern';
}

/**
 * Makes the name of a channel from any text, such as a room that a client names: `channelName('room', '7')` is `room:7`. Characters that a
 * name cannot hold, `:` and `%` are escaped (`channelName('room', '*')` is `room:%2A`). A text that would be too long is replaced by its
 * SHA-256. Two texts never have the same name, nor do two prefixes: the part behind the last colon stands for the text alone.
 * @param prefix a name of the application's own
 * @throws TypeError when the prefix is not a name of at most 148 characters
 * @throws TypeError when the text is not a string
 */
export function channelName(prefix: string, text: string): string {
  checkName(prefix);
  if (prefix.length + 1 + DIGEST_LENGTH > MAX_LENGTH) {
    throw new ChannelError(
      `the prefix of a channel's name has at most ${MAX_LENGTH - 1 - DIGEST_LENGTH} characters`,
      prefix,
    );
  }
  if (typeof text !== 'string') {
    throw new ChannelError(`the name of a channel is made of a string, not of ${describe(text)}`);
  }
  const room = MAX_LENGTH - prefix.length - 1;
  // no escape is shorter than what it stands for
  const part = text.length > room ? undefined : text.replace(SPECIAL, escape);
  return `${prefix}:${part === undefined || part.length > room ? digest(text) : part}`;
}

/** Portal's own names have a space. No pattern stands for them. */
export const isOwn = (name: string): boolean => name.includes(' ');

/** A broker may not take longer names. */
const MAX_USER_LENGTH = 300;

/** Names the channel of all connections of a user. No application's channel has such a name. */
export function userChannel(id: string): string {
  // halves of surrogate pairs, which no URI can have, are escaped by JSON
  const name = encodeURIComponent(JSON.stringify(id)).replaceAll('*', '%2A');
  return `user ${name.length > MAX_USER_LENGTH ? digest(id) : name}`;
}

function checkText(channel: unknown, forbidden: RegExp): asserts channel is string {
  if (typeof channel !== 'string') throw new ChannelError(`a channel's name is a string, not ${describe(channel)}`);
  if (channel.length === 0 || channel.length > MAX_LENGTH || forbidden.test(channel)) {
    throw new ChannelError(NAME_RULE, channel);
  }
}

function escape(character: string): string {
  const hex = character.charCodeAt(0).toString(16).toUpperCase();
  return hex.length > 2 ? `%u${hex.padStart(4, '0')}` : `%${hex.padStart(2, '0')}`;
}

/** Hashes code units, since UTF-8 has the same bytes for all halves of surrogate pairs. */
function digest(text: string): string {
  return DIGEST + createHash('sha256').update(Buffer.from(text, 'utf16le')).digest('base64url');
}

function describe(value: unknown): string {
  return value === null ? 'null' : typeof value;
}
