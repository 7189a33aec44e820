import { MAX_ROOM_LENGTH } from '../chat/names';

/** Letters and digits of any script, `-` and `_`: none that a name of a channel cannot have, and no colon, which makes parts. */
const ROOM = /^[\p{L}\p{N}][\p{L}\p{M}\p{N}_-]*$/u;

/** The room that a name stands for, or undefined where it stands for none. Upper and lower case are one. */
export function readRoom(name: string): string | undefined {
  const room = name.normalize('NFKC').toLowerCase();
  return room.length <= MAX_ROOM_LENGTH && ROOM.test(room) ? room : undefined;
}

/** Has a history. */
export const talkOf = (room: string): string => `room:${room}`;

/** Here each process tells its own who came and went. */
export const presenceOf = (room: string): string => `presence:${room}`;
