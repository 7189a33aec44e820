import type { Connection } from 'portal-ws';
import type { ServerMessage } from './messages';
import { foldName } from './names';

export interface Member {
  readonly nickname: string;
  readonly key: string;
  readonly room: Room;
  /** Replaced when the member comes back on another connection. */
  connection: Connection;
}

/** The members of one room. Nicknames that look alike are equal. */
export class Room {
  private readonly members = new Map<string, Member>();

  constructor(readonly name: string) {}

  get size(): number {
    return this.members.size;
  }

  nicknames(): string[] {
    return Array.from(this.members.values(), ({ nickname }) => nickname);
  }

  find(nickname: string): Member | undefined {
    return this.members.get(foldName(nickname));
  }

  add(member: Member): void {
    this.members.set(foldName(member.nickname), member);
  }

  delete(member: Member): void {
    this.members.delete(foldName(member.nickname));
  }

  tell(message: ServerMessage): void {
    const json = JSON.stringify(message);
    for (const { connection } of this.members.values()) connection.send(json);
  }
}
