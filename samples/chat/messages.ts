import { isNicknameReadable, MAX_NICKNAME_LENGTH, tidyName } from './names';

/** The messages between page and server: one JSON object in each text message. */
export type ClientMessage = Join | Say;
export type ServerMessage = Welcome | Presence | Said | ChatError;

export const MAX_TEXT_LENGTH = 1000;
const MAX_KEY_LENGTH = 64;

/** The first message: takes a nickname in the room. */
export interface Join {
  type: 'join';
  nickname: string;
  /** From the `Welcome` of a lost connection, whose place this one takes. */
  key?: string;
}

export interface Say {
  type: 'say';
  text: string;
}

/** Answers `Join`. */
export interface Welcome {
  type: 'welcome';
  room: string;
  nickname: string;
  /** A secret that proves who the member is. */
  key: string;
  /** The nicknames of all members, the new one among them. */
  members: string[];
}

/** Another member joined or left. */
export interface Presence {
  type: 'joined' | 'left';
  nickname: string;
  time: string;
  members: string[];
}

/** Sent to everybody in the room, the sender too. */
export interface Said {
  type: 'said';
  nickname: string;
  text: string;
  time: string;
}

/** A message was refused; the connection stays open. */
export interface ChatError {
  type: 'error';
  code: ErrorCode;
  /** A text for people. */
  message: string;
}

export type ErrorCode =
  | 'malformed_message'
  | 'unknown_type'
  | 'nickname_empty'
  | 'nickname_too_long'
  | 'nickname_unreadable'
  | 'nickname_taken'
  | 'room_invalid'
  | 'room_full'
  | 'already_joined'
  | 'not_joined'
  | 'text_empty'
  | 'text_too_long';

export function chatError(code: ErrorCode, message: string): ChatError {
  return { type: 'error', code, message };
}

/** Reads what a client sent: its message, or the error that answers it. Never throws. */
export function parseClientMessage(json: string): ClientMessage | ChatError {
  const message = parseObject(json);
  if (message === undefined) return chatError('malformed_message', 'A message must be a JSON object.');
  switch (message.type) {
    case 'join':
      return parseJoin(message);
    case 'say':
      return parseSay(message);
    default:
      return chatError('unknown_type', 'The type of a message must be "join" or "say".');
  }
}

type Fields = Readonly<Record<string, unknown>>;

function parseJoin(fields: Fields): Join | ChatError {
  const { nickname: raw, key } = fields;
  if (typeof raw !== 'string' || !isKey(key) || !hasOnly(fields, ['type', 'nickname', 'key'])) {
    return chatError('malformed_message', 'A "join" message has a "nickname", and a "key" when it comes back.');
  }
  const nickname = tidyName(raw);
  if (nickname === '') return chatError('nickname_empty', 'Please choose a nickname.');
  if (nickname.length > MAX_NICKNAME_LENGTH) {
    return chatError('nickname_too_long', `A nickname has at most ${MAX_NICKNAME_LENGTH} characters.`);
  }
  if (!isNicknameReadable(nickname)) {
    return chatError('nickname_unreadable', 'That nickname has characters that nobody can see.');
  }
  return { type: 'join', nickname, ...(key !== undefined && { key }) };
}

function parseSay(fields: Fields): Say | ChatError {
  if (typeof fields.text !== 'string' || !hasOnly(fields, ['type', 'text'])) {
    return chatError('malformed_message', 'A "say" message has a "text".');
  }
  const text = fields.text.trim();
  if (text === '') return chatError('text_empty', 'There is nothing in that message.');
  if (text.length > MAX_TEXT_LENGTH) {
    return chatError('text_too_long', `A message has at most ${MAX_TEXT_LENGTH} characters.`);
  }
  return { type: 'say', text };
}

function parseObject(json: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(json);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Fields) : undefined;
  } catch {
    return undefined;
  }
}

function isKey(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && value.length <= MAX_KEY_LENGTH);
}

function hasOnly(fields: Fields, names: readonly string[]): boolean {
  return Object.keys(fields).every((name) => names.includes(name));
}
