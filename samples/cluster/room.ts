import { Channels, PortalError, type PresenceWatch } from 'portal-ws';
import { foldName } from '../chat/names';
import { eventText, type Events, type Person, type Said } from './messages';
import { presenceOf, talkOf } from './room-name';

/** Limit for all processes together; a few more may join at the same time. */
export const MAX_PEOPLE = 100;

/** Changes within this time are sent together: a process that ends takes many members with it. */
const TELL_MS = 100;

/** The data of a subscription. */
export interface MemberData {
  readonly nickname: string;
  readonly worker: number;
}

/** A room with members on this process. It watches the members on all processes, and tells those of this one. */
export class Room {
  readonly talk: string;
  readonly presence: string;
  private guests = 0;
  private opening: Promise<void> | undefined;
  private watch: PresenceWatch | undefined;
  /** The members, as last sent. */
  private told: readonly Person[] = [];
  private timer: NodeJS.Timeout | undefined;

  /** `closed`: called when the last member of this process has left. */
  constructor(
    name: string,
    private readonly channels: Channels,
    private readonly closed: () => void,
  ) {
    this.talk = talkOf(name);
    this.presence = presenceOf(name);
  }

  /** Adds a connection. Resolves when the other members are known. */
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
    // all get it, in one order, when Redis is back; members of this process can read it until then
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

/** The nicknames that are not among `people`. */
function missingIn(people: readonly Person[], all: readonly Person[]): string[] {
  const there = new Set(people.map(({ nickname }) => foldName(nickname)));
  return all.map(({ nickname }) => nickname).filter((nickname) => !there.has(foldName(nickname)));
}

/** Data of other processes, which may have another version. */
function isMemberData(data: unknown): data is MemberData {
  const { nickname, worker } = Object(data) as Partial<Record<keyof MemberData, unknown>>;
  return typeof nickname === 'string' && Number.isInteger(worker);
}
