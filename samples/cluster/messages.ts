import { Transform } from 'class-transformer';
import { IsString, Length, MaxLength, ValidateBy, ValidateIf } from 'class-validator';
import { isNicknameReadable, MAX_NICKNAME_LENGTH, tidyName } from '../chat/names';

/** The data of events between page and server. */
export const MAX_TEXT_LENGTH = 1000;
const MAX_OFFSET_LENGTH = 64;

const Tidy = (tidy: (text: string) => string): PropertyDecorator =>
  Transform(({ value }: { value: unknown }) => (typeof value === 'string' ? tidy(value) : value));

const IsReadable = (): PropertyDecorator =>
  ValidateBy({
    name: 'isReadable',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && isNicknameReadable(value),
      defaultMessage: () => 'That nickname has characters that nobody can see.',
    },
  });

/** `chat.join`, answered with `Joined`. May come again on the same connection, to get missed messages. */
export class Join {
  @Tidy(tidyName)
  @IsString()
  @IsReadable()
  @Length(1, MAX_NICKNAME_LENGTH, { message: 'A nickname has 1 to $constraint2 characters.' })
  nickname!: string;

  /** The offset of the last message that the page has: later messages come before the answer. */
  @ValidateIf(({ since }: Join) => since !== undefined)
  @IsString()
  @MaxLength(MAX_OFFSET_LENGTH)
  since?: string;
}

/** `chat.say`, answered when the message is on its way. */
export class Say {
  @Tidy((text) => text.trim())
  @IsString()
  @Length(1, MAX_TEXT_LENGTH, { message: 'A message has 1 to $constraint2 characters.' })
  text!: string;
}

/** A process: its number stays when it is started again, its pid does not. */
export interface Place {
  readonly worker: number;
  readonly pid: number;
}

/** A person in a room. A nickname is a person, on any number of pages. */
export interface Person {
  readonly nickname: string;
  /** The processes that the pages are connected to. */
  readonly workers: readonly number[];
}

export interface Joined extends Place {
  readonly room: string;
  readonly nickname: string;
  readonly members: readonly Person[];
  /** The offset of the latest message, if it is known. */
  readonly offset?: string;
  /** The process cannot reach Redis, and so no other process. */
  readonly alone: boolean;
  /** Messages after `since` are not available yet: ask again. */
  readonly behind: boolean;
}

/** `chat.said`, with an `offset` beside it; and `chat.waiting`, of a message that waits until Redis is back. */
export interface Said {
  readonly id: string;
  readonly nickname: string;
  readonly text: string;
  readonly time: string;
  /** The process that its author is connected to. */
  readonly worker: number;
}

/** `chat.people`: who joined and left since the last one, and who is there. */
export interface People {
  readonly members: readonly Person[];
  readonly joined: readonly string[];
  readonly left: readonly string[];
  readonly time: string;
}

/** `chat.redis`: the process has lost Redis, or has it back. */
export interface RedisNews {
  readonly alone: boolean;
  /** Some messages of others are lost. */
  readonly lost: boolean;
}

/** All events of the server's own. */
export interface Events {
  'chat.said': Said;
  'chat.waiting': Said;
  'chat.people': People;
  'chat.redis': RedisNews;
}

/** A message of the default codec, for a channel. */
export function eventText<Name extends keyof Events>(event: Name, data: Events[Name]): string {
  return JSON.stringify({ event, data });
}
