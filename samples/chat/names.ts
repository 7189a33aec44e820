/** In UTF-16 code units, as `maxlength` counts them in the page. */
export const MAX_NICKNAME_LENGTH = 24;
export const MAX_ROOM_LENGTH = 40;

const UNREADABLE = /[\p{Cc}\p{Cs}\p{Bidi_Control}]/u;
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;

/** The text without space around it, and with single spaces inside. */
export function tidyName(name: string): string {
  return name.normalize('NFC').trim().replace(/\s+/g, ' ');
}

/** A key that is equal for names that differ only in case, in invisible characters or in forms of a character. */
export function foldName(name: string): string {
  return name.normalize('NFKC').replace(INVISIBLE, '').toLowerCase();
}

export function isNicknameReadable(nickname: string): boolean {
  return !UNREADABLE.test(nickname) && foldName(nickname).trim() !== '';
}

/** The name of a room as people see it; `undefined` for an invalid name. */
export function readRoomName(name: string): string | undefined {
  const tidy = tidyName(name);
  return tidy.length <= MAX_ROOM_LENGTH && isNicknameReadable(tidy) ? tidy : undefined;
}
