import { randomUUID } from 'node:crypto';
import { Connection, OnClose, OnMessage, OnSubscribe, PortalError, WebSocketPath } from 'portal-ws';
import { Self } from '../processes/process.controller';
import { Join, Say, type Joined } from './messages';
import { RedisState } from './redis-state';
import type { Room } from './room';
import { presenceOf, readRoom, talkOf } from './room-name';
import { Rooms } from './rooms';

/** The state of a connection. `behind`: messages after `since` are still to be sent. */
type Position = Pick<Joined, 'offset' | 'behind'>;

/** One for each connection. */
@WebSocketPath('/chat/:room', { scope: 'connection', limits: { maxMessageBytes: 16 * 1024, messagesPerSecond: 20 } })
export class RoomController {
  private readonly name: string | undefined;
  private room: Room | undefined;
  private nickname: string | undefined;

  constructor(
    private readonly connection: Connection,
    private readonly rooms: Rooms,
    private readonly self: Self,
    private readonly redis: RedisState,
  ) {
    this.name = readRoom(connection.params['room'] ?? '');
  }

  /** A connection hears the room of its path and no other. */
  @OnSubscribe()
  admit(channel: string): boolean {
    const { name } = this;
    return name !== undefined && (channel === talkOf(name) || channel === presenceOf(name));
  }

  @OnMessage('chat.join')
  async join({ nickname, since }: Join): Promise<Joined> {
    const { name, connection, self } = this;
    if (name === undefined) throw new PortalError('room_invalid', 'No room can have that name.');
    if (this.nickname !== undefined && this.nickname !== nickname) {
      throw new PortalError('already_joined', `You are in the room already, as ${this.nickname}.`);
    }
    const room = await this.enter(name);
    if (!room.hasPlaceFor(nickname)) throw new PortalError('room_full', 'There are too many people in this room.');
    const { behind, offset } = await this.listen(room, { nickname, worker: self.worker }, since);
    await connection.subscribe(room.presence);
    this.nickname = nickname;
    return {
      room: name,
      nickname,
      members: room.people(),
      worker: self.worker,
      pid: self.pid,
      alone: !this.redis.isThere,
      behind,
      ...(offset !== undefined && { offset }),
    };
  }

  @OnMessage('chat.say')
  say({ text }: Say): void {
    const { room, nickname, self } = this;
    if (room === undefined || nickname === undefined)
      throw new PortalError('not_joined', 'Join with a nickname first.');
    room.say({ id: randomUUID(), nickname, text, time: new Date().toISOString(), worker: self.worker });
  }

  @OnClose()
  leave(): void {
    this.room?.leave();
    this.room = undefined;
  }

  private async enter(name: string): Promise<Room> {
    if (this.room !== undefined) return this.room;
    const room = (this.room = this.rooms.find(name));
    await room.enter();
    return room;
  }

  /** Missed messages are not available while Redis is away, but new ones can be sent; the page asks again later. */
  private async listen(room: Room, data: object, since: string | undefined): Promise<Position> {
    if (since !== undefined) {
      try {
        return { ...(await this.connection.subscribe(room.talk, { data, since })), behind: false };
      } catch (error) {
        if (!(error instanceof PortalError && error.code === 'unavailable')) throw error;
      }
    }
    return { ...(await this.connection.subscribe(room.talk, { data })), behind: since !== undefined };
  }
}
