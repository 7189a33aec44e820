import { MAX_ROOM_LENGTH } from '../chat/names';

/** Letters and digits of any script, `-` and `_`: all valid in names of channels, without the colon, which makes parts. */
const ROOM = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]*$/u;

/** The room of a name, in lower case; `undefined` for an invalid name. */
export function readRoom(name: string): string | undefined {
  const room = name.normalize('NFKC').toLowerCase();
  return room.length <= MAX_ROOM_LENGTH && ROOM.test(room) ? room : undefined;
}

/** The channel of the messages, which has a history. */
export const talkOf = (room: string): string => `room:${room}`;

/** The channel in which each process tells its own people who joined and left. */
export const presenceOf = (room: string): string => `presence:${room}`;
