import { Transform } from 'class-transformer';
import { IsString, Length, MaxLength, ValidateBy, ValidateIf } from 'class-validator';
import { isNicknameReadable, MAX_NICKNAME_LENGTH, tidyName } from '../chat/names';

/** What passes between the page and the server, as the data of events. */
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

/** `chat.join`, answered with `Joined`. May come again on the same connection, to get what is missing. */
export class Join {
  @Tidy(tidyName)
  @IsString()
  @IsReadable()
  @Length(1, MAX_NICKNAME_LENGTH, { message: 'A nickname has 1 to $constraint2 characters.' })
  nickname!: string;

  /** The offset of the last message that was had: all that was said after it comes before the answer. */
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

/** Somebody in a room. Whoever says a nickname is that person, on however many pages. */
export interface Person {
  readonly nickname: string;
  /** The processes that the pages are connected to. */
  readonly workers: readonly number[];
}

export interface Joined extends Place {
  readonly room: string;
  readonly nickname: string;
  readonly members: readonly Person[];
  /** Of the latest message, where that is known. */
  readonly offset?: string;
  /** The process cannot reach Redis, and so no other process. */
  readonly alone: boolean;
  /** What was said after `since` cannot be told yet: ask again. */
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

/** `chat.people`: who came and went since it was last told, and who is there. */
export interface People {
  readonly members: readonly Person[];
  readonly joined: readonly string[];
  readonly left: readonly string[];
  readonly time: string;
}

/** `chat.redis`: the process has lost Redis, or has it back. */
export interface RedisNews {
  readonly alone: boolean;
  /** Some of what others said meanwhile is gone. */
  readonly lost: boolean;
}

/** All that the server tells without being asked. */
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
