import { injectable, PortalError } from 'portal-ws';
import { Latest } from './latest';
import { FIELD, type Heading, type Place, type Snapshot } from './messages';
import { Chance, Metronome } from './surroundings';

export const TICK_MS = 100;
export const MAX_PLAYERS = 8;
export const WINNING_SCORE = 5;

const STEPS: Record<Heading, Place> = {
  up: { x: 0, y: -1 },
  down: { x: 0, y: 1 },
  left: { x: -1, y: 0 },
  right: { x: 1, y: 0 },
};

/** A player with a place in the world. */
export class Player {
  score = 0;
  heading: Heading | undefined;
  /** What the player sees during a game. */
  view: Latest<Snapshot> | undefined;

  constructor(
    readonly name: string,
    public place: Place,
  ) {}
}

/** One field for all. The first player on the coin gets it; then the coin moves, as long as somebody plays. */
@injectable()
export class World {
  private readonly players = new Map<string, Player>();
  private coin: Place;
  private tick = 0;
  private stopMetronome: (() => void) | undefined;

  constructor(
    private readonly metronome: Metronome,
    private readonly chance: Chance,
  ) {
    this.coin = this.somewhere();
  }

  /** @throws PortalError `name_taken`, `game_full` */
  enter(name: string): Player {
    if (this.players.has(name)) throw new PortalError('name_taken', `${name} is here already.`);
    if (this.players.size >= MAX_PLAYERS) throw new PortalError('game_full', `${MAX_PLAYERS} are playing already.`);
    const player = new Player(name, this.somewhere());
    this.players.set(name, player);
    return player;
  }

  leave(player: Player): void {
    this.players.delete(player.name);
    this.endView(player);
  }

  /** What the player sees, from now on until somebody wins. @throws PortalError `already_playing` */
  play(player: Player): AsyncIterable<Snapshot> {
    if (player.view !== undefined) throw new PortalError('already_playing', 'You are playing already.');
    player.view = new Latest();
    player.view.put(this.snapshot());
    this.stopMetronome ??= this.metronome.start(TICK_MS, () => this.advance());
    return player.view;
  }

  private advance(): void {
    this.tick++;
    const playing = [...this.players.values()].filter(({ view }) => view !== undefined);
    for (const player of playing) this.move(player);
    const winner = playing.find(({ score }) => score >= WINNING_SCORE);
    const snapshot = this.snapshot(winner);
    for (const { view } of playing) view!.put(snapshot);
    if (winner !== undefined) this.startAnew();
  }

  private move(player: Player): void {
    if (player.heading === undefined) return;
    const { x, y } = STEPS[player.heading];
    player.place = { x: wrap(player.place.x + x, FIELD.width), y: wrap(player.place.y + y, FIELD.height) };
    if (player.place.x !== this.coin.x || player.place.y !== this.coin.y) return;
    player.score++;
    this.coin = this.somewhere();
  }

  /** Ends the game. All players stay, and may play again. */
  private startAnew(): void {
    for (const player of this.players.values()) {
      player.score = 0;
      player.heading = undefined;
      this.endView(player);
    }
  }

  private endView(player: Player): void {
    player.view?.end();
    player.view = undefined;
    if ([...this.players.values()].some(({ view }) => view !== undefined)) return;
    this.stopMetronome?.();
    this.stopMetronome = undefined;
  }

  private snapshot(winner?: Player): Snapshot {
    const players = Array.from(this.players.values(), ({ name, place, score }) => ({ name, ...place, score }));
    return { tick: this.tick, coin: this.coin, players, ...(winner && { winner: winner.name }) };
  }

  private somewhere(): Place {
    return { x: this.chance.below(FIELD.width), y: this.chance.below(FIELD.height) };
  }
}

function wrap(value: number, size: number): number {
  return (value + size) % size;
}
