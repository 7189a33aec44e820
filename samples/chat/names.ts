/** In UTF-16 code units, as `maxlength` counts them in the page. */
export const MAX_NICKNAME_LENGTH = 24;
export const MAX_ROOM_LENGTH = 40;

const UNREADABLE = /[\p{Cc}\p{Cs}\p{Bidi_Control}]/u;
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;

/** Without space around it, and with single spaces inside. */
export function tidyName(name: string): string {
  return name.normalize('NFC').trim().replace(/\s+/g, ' ');
}

/** The same for all names that look the same but for the case of their letters. */
export function foldName(name: string): string {
  return name.normalize('NFKC').replace(INVISIBLE, '').toLowerCase();
}

export function isNicknameReadable(nickname: string): boolean {
  return !UNREADABLE.test(nickname) && foldName(nickname).trim() !== '';
}

/** The name of a room as people see it, or undefined when no room may have it. */
export function readRoomName(name: string): string | undefined {
  const tidy = tidyName(name);
  return tidy.length <= MAX_ROOM_LENGTH && isNicknameReadable(tidy) ? tidy : undefined;
}
