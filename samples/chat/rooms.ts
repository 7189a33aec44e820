import { randomUUID } from 'node:crypto';
import type { Connection } from 'portal-ws';
import { chatError, type ChatError, type Join, type Welcome } from './messages';
import { foldName, readRoomName } from './names';
import { Room, type Member } from './room';

export const MAX_MEMBERS = 100;

/** The rooms and their members. A room exists as long as it has a member. */
export class Rooms {
  private readonly rooms = new Map<string, Room>();
  private readonly members = new Map<Connection, Member>();

  join(connection: Connection, roomName: string, { nickname, key }: Join): Welcome | ChatError {
    if (this.members.has(connection)) return chatError('already_joined', 'You are in the room already.');
    const name = readRoomName(roomName);
    if (name === undefined) return chatError('room_invalid', 'No room can have that name.');
    const room = this.rooms.get(foldName(name)) ?? new Room(name);

    const present = room.find(nickname);
    if (present !== undefined) {
      if (present.key !== key) return chatError('nickname_taken', `${nickname} is taken in this room.`);
      this.replaceConnection(present, connection);
      return welcome(present);
    }
    if (room.size >= MAX_MEMBERS)
      return chatError('room_full', `There are ${MAX_MEMBERS} people in this room already.`);
    const member: Member = { nickname, key: randomUUID(), room, connection };
    this.enter(member);
    return welcome(member);
  }

  /** `undefined` on success: the sender gets the message with the others. */
  say(connection: Connection, text: string): ChatError | undefined {
    const member = this.members.get(connection);
    if (member === undefined) return chatError('not_joined', 'Join with a nickname first.');
    member.room.tell({ type: 'said', nickname: member.nickname, text, time: now() });
    return undefined;
  }

  leave(connection: Connection): void {
    const member = this.members.get(connection);
    if (member === undefined) return;
    const { room, nickname } = member;
    this.members.delete(connection);
    room.delete(member);
    if (room.size === 0) this.rooms.delete(foldName(room.name));
    room.tell({ type: 'left', nickname, time: now(), members: room.nicknames() });
  }

  private enter(member: Member): void {
    const { room, nickname, connection } = member;
    room.tell({ type: 'joined', nickname, time: now(), members: [...room.nicknames(), nickname] });
    room.add(member);
    this.rooms.set(foldName(room.name), room);
    this.members.set(connection, member);
  }

  /** The member's old connection broke without a close. */
  private replaceConnection(member: Member, connection: Connection): void {
    this.members.delete(member.connection);
    member.connection.terminate();
    member.connection = connection;
    this.members.set(connection, member);
  }
}

function welcome({ room, nickname, key }: Member): Welcome {
  return { type: 'welcome', room: room.name, nickname, key, members: room.nicknames() };
}

function now(): string {
  return new Date().toISOString();
}
