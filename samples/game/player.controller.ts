import { Connection, ConnectionClosedError, OnClose, OnError, OnMessage, PortalError, WebSocketPath } from 'portal-ws';
import { FIELD, Join, Steer, type Place, type Snapshot } from './messages';
import { World, type Player } from './world';

export const READY_TIMEOUT_MS = 5000;

/** One instance for each connection, so that it may keep the player. */
@WebSocketPath('/game', { scope: 'connection', limits: { maxMessageBytes: 1024 } })
export class PlayerController {
  private player: Player | undefined;

  constructor(
    private readonly world: World,
    private readonly connection: Connection,
  ) {}

  /** Takes a place, then asks whether the player is ready; without a yes in time, the place is free again. */
  @OnMessage('game.join')
  async join({ name }: Join): Promise<Place> {
    if (this.player !== undefined) throw new PortalError('already_joined', 'You are in the game already.');
    const player = (this.player = this.world.enter(name));
    try {
      const answer = await this.connection.request('game.ready', FIELD, { timeoutMs: READY_TIMEOUT_MS });
      if (answer !== true) throw new PortalError('not_ready', 'Another time, then.');
      return player.place;
    } catch (error) {
      this.leave();
      throw error;
    }
  }

  @OnMessage('game.steer')
  steer({ heading }: Steer): void {
    this.joined().heading = heading;
  }

  /** The client gives an id; each tick answers it, and a last answer says that the game is over. */
  @OnMessage('game.play')
  play(): AsyncIterable<Snapshot> {
    return this.world.play(this.joined());
  }

  @OnMessage('game.leave')
  @OnClose()
  leave(): void {
    if (this.player !== undefined) this.world.leave(this.player);
    this.player = undefined;
  }

  /** The player left while the server asked; `leave` has freed the place. */
  @OnError(ConnectionClosedError)
  forget(): void {}

  private joined(): Player {
    if (this.player === undefined) throw new PortalError('not_joined', 'Join first.');
    return this.player;
  }
}
