import { Channels, injectable, type Gap, type LifecycleHooks } from 'portal-ws';
import { RedisState } from './redis-state';
import { Room } from './room';

/** The rooms with members on this process. */
@injectable()
export class Rooms implements LifecycleHooks {
  private readonly rooms = new Map<string, Room>();

  constructor(
    private readonly channels: Channels,
    private readonly redis: RedisState,
  ) {
    redis.changed = () => this.tell(new Set());
  }

  find(name: string): Room {
    let room = this.rooms.get(name);
    if (room === undefined) {
      room = new Room(name, this.channels, () => this.rooms.delete(name));
      this.rooms.set(name, room);
    }
    return room;
  }

  onBackplaneGap({ unrecovered }: Gap): void {
    this.tell(new Set(unrecovered));
  }

  private tell(lost: ReadonlySet<string>): void {
    for (const room of this.rooms.values()) room.redisIs(!this.redis.isThere, lost.has(room.talk));
  }
}
