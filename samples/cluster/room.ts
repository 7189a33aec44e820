import { Channels, PortalError, type PresenceWatch } from 'portal-ws';
import { foldName } from '../chat/names';
import { eventText, type Events, type Person, type Said } from './messages';
import { presenceOf, talkOf } from './room-name';

/** On all processes together; a few more where they come at the same time. */
export const MAX_PEOPLE = 100;

/** What happens within this time is told at once: a process that ends takes many with it. */
const TELL_MS = 100;

/** What a member subscribes with. */
export interface MemberData {
  readonly nickname: string;
  readonly worker: number;
}

/** A room that somebody on this process is in: it watches who is there on all processes, and tells those who are here. */
export class Room {
  readonly talk: string;
  readonly presence: string;
  private guests = 0;
  private opening: Promise<void> | undefined;
  private watch: PresenceWatch | undefined;
  /** Who is there, as it was last told. */
  private told: readonly Person[] = [];
  private timer: NodeJS.Timeout | undefined;

  /** `closed`: told when nobody is here any more. */
  constructor(
    name: string,
    private readonly channels: Channels,
    private readonly closed: () => void,
  ) {
    this.talk = talkOf(name);
    this.presence = presenceOf(name);
  }

  /** A connection is here from now on. Resolves when it is known who else is in the room. */
  enter(): Promise<void> {
    this.guests++;
    return (this.opening ??= this.open());
  }

  leave(): void {
    this.guests--;
    this.closeIfEmpty();
  }

  people(): Person[] {
    const people = new Map<string, { nickname: string; workers: Set<number> }>();
    for (const { data } of this.watch?.members ?? []) {
      if (!isMemberData(data)) continue;
      const key = foldName(data.nickname);
      const person = people.get(key) ?? { nickname: data.nickname, workers: new Set() };
      person.workers.add(data.worker);
      people.set(key, person);
    }
    return Array.from(people.values(), ({ nickname, workers }) => ({
      nickname,
      workers: [...workers].sort((a, b) => a - b),
    }));
  }

  hasPlaceFor(nickname: string): boolean {
    const people = this.people();
    return people.length < MAX_PEOPLE || people.some((person) => foldName(person.nickname) === foldName(nickname));
  }

  /** To all, on all processes. @throws PortalError `unavailable` */
  say(said: Said): void {
    const { others } = this.channels.publish(this.talk, eventText('chat.said', said));
    if (others === 'lost') throw new PortalError('unavailable', 'Too many messages wait for Redis. Try again later.');
    // it comes to all, in one order, when Redis is back; until then those who are here can read it
    if (others === 'kept') this.tellHere(this.talk, 'chat.waiting', said);
  }

  redisIs(alone: boolean, lost: boolean): void {
    this.tellHere(this.presence, 'chat.redis', { alone, lost });
  }

  private async open(): Promise<void> {
    const changed = (): void => this.tellSoon();
    this.watch = await this.channels.watch(this.talk, { join: changed, leave: changed });
    this.told = this.people();
    // they may have left while it was asked
    this.closeIfEmpty();
  }

  private closeIfEmpty(): void {
    if (this.guests > 0 || this.watch === undefined) return;
    clearTimeout(this.timer);
    this.watch.stop();
    this.closed();
  }

  private tellSoon(): void {
    if (this.timer !== undefined || this.guests === 0) return;
    this.timer = setTimeout(() => {
      this.timer = undefined;
      this.tellPeople();
    }, TELL_MS);
  }

  private tellPeople(): void {
    const before = this.told;
    const members = this.people();
    this.told = members;
    this.tellHere(this.presence, 'chat.people', {
      members,
      joined: missingIn(before, members),
      left: missingIn(members, before),
      time: new Date().toISOString(),
    });
  }

  private tellHere<Name extends keyof Events>(channel: string, event: Name, data: Events[Name]): void {
    this.channels.publish(channel, eventText(event, data), { local: true });
  }
}

/** The nicknames of those who are not among `people`. */
function missingIn(people: readonly Person[], all: readonly Person[]): string[] {
  const there = new Set(people.map(({ nickname }) => foldName(nickname)));
  return all.map(({ nickname }) => nickname).filter((nickname) => !there.has(foldName(nickname)));
}

/** Comes from other processes, which may be of another version. */
function isMemberData(data: unknown): data is MemberData {
  const { nickname, worker } = Object(data) as Partial<Record<keyof MemberData, unknown>>;
  return typeof nickname === 'string' && Number.isInteger(worker);
}
