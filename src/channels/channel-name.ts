/** Longer names are most often a mistake, and brokers hold every one of them. */
const MAX_LENGTH = 200;

/** White space, control characters, halves of surrogate pairs; Portal's own subjects have a space. */
const FORBIDDEN = /[\s\p{Cc}\p{Cs}]/u;

/** Whether the name of a channel is a pattern of names. @throws TypeError for what is neither */
export function isPattern(channel: unknown): boolean {
  if (typeof channel !== 'string') throw new TypeError(`a channel's name is a string, not ${typeof channel}`);
  if (channel.length === 0 || channel.length > MAX_LENGTH || FORBIDDEN.test(channel)) {
    throw new TypeError(
      `a channel's name has 1 to ${MAX_LENGTH} characters and no white space: ${JSON.stringify(channel.slice(0, MAX_LENGTH))}`,
    );
  }
  if (!channel.includes('*')) return false;
  const parts = channel.split(':');
  const rest = parts.indexOf('**');
  if (rest !== -1 && rest !== parts.length - 1) {
    throw new TypeError(`${JSON.stringify(channel)}: ** stands for the rest of a name, so nothing may follow it`);
  }
  return rest !== -1 || parts.includes('*');
}

/** @throws TypeError for what is no name of one channel */
export function checkName(channel: unknown): void {
  if (isPattern(channel))
    throw new TypeError(`${JSON.stringify(channel)} is a pattern: this needs the name of one channel`);
}

/** Whether it is a name of Portal's own, which no pattern stands for. */
export const isOwn = (name: string): boolean => name.includes(' ');

/** The channel of all connections of a user. No application's channel has such a name. */
export function userChannel(id: string): string {
  // halves of surrogate pairs, which no URI can have, are escaped by JSON
  return `user ${encodeURIComponent(JSON.stringify(id))}`;
}
