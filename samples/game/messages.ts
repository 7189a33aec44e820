import { IsIn, IsString, Length } from 'class-validator';

export const FIELD = { width: 16, height: 12 };
export const HEADINGS = ['up', 'down', 'left', 'right'] as const;
export type Heading = (typeof HEADINGS)[number];

/** `game.join`; the server then requests `game.ready`, and a player who answers `true` is in. */
export class Join {
  @IsString()
  @Length(1, 20)
  name!: string;
}

export class Steer {
  @IsIn(HEADINGS)
  heading!: Heading;
}

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Each item that answers `game.play`. */
export interface Snapshot {
  readonly tick: number;
  readonly coin: Place;
  readonly players: readonly (Place & { readonly name: string; readonly score: number })[];
  /** Only in the last item. */
  readonly winner?: string;
}
