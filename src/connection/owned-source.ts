import { ConnectionClosedError } from '../messages';
import { sourceOf, type Source } from './source';
import { setImmediate } from '../transport';

const OVER = { done: true, value: undefined } as const;

/** Hears what a source throws when nobody waits for its items any more. */
type Failed = (error: unknown) => unknown;

/**
 * A source of items that a connection has taken over. `release` ends it, begun or not, and a call of `next` that waits
 * gets the end at once.
 */
export class OwnedSource<T> implements AsyncIterableIterator<T, undefined> {
  private begun = false;
  private over = false;
  private giveUp: (() => void) | undefined;

  constructor(
    private readonly source: Source<T>,
    private readonly failed: Failed,
    private readonly ended: () => void,
  ) {}

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** @throws what the source throws */
  async next(): Promise<IteratorResult<T, undefined>> {
    // a source that never waits, for a consumer that never does, would leave no turn to anybody else
    if (this.begun) await new Promise((resolve) => setImmediate(resolve));
    this.begun = true;
    if (this.over) return OVER;
    // one promise at a time: racing against a lasting one would grow with each item
    return new Promise((resolve, reject) => {
      this.giveUp = () => resolve(OVER);
      this.ask().then(resolve, reject);
    });
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.release();
    return Promise.resolve(OVER);
  }

  release(): void {
    if (this.over) return;
    this.over = true;
    this.giveUp?.();
    void this.stop();
  }

  private async ask(): Promise<IteratorResult<T, undefined>> {
    try {
      const result = await this.source.next();
      if (result.done === true) this.end();
      return result;
    } catch (error) {
      if (this.over) this.tell(error);
      this.end();
      throw error;
    }
  }

  private async stop(): Promise<void> {
    try {
      await this.source.stop();
    } catch (error) {
      this.tell(error);
    }
    this.ended();
  }

  private end(): void {
    if (this.over) return;
    this.over = true;
    this.ended();
  }

  /** Reports an error, unless it only says that the connection has closed. */
  private tell(error: unknown): void {
    if ((error as Partial<Error> | undefined)?.name === 'AbortError' || error instanceof ConnectionClosedError) return;
    this.failed(error);
  }
}

/** The sources of one connection that have not ended. */
export class OwnedSources {
  private readonly living = new Set<{ release(): void }>();
  private onEnded: (() => void) | undefined;

  /**
   * Takes over a source.
   * @throws TypeError for a value that is no source
   */
  own<T>(given: unknown, failed: Failed): OwnedSource<T> {
    const source: OwnedSource<T> = new OwnedSource(sourceOf<T>(given), failed, () => {
      this.living.delete(source);
      if (this.living.size === 0) this.onEnded?.();
    });
    this.living.add(source);
    return source;
  }

  release(): void {
    for (const source of this.living) source.release();
  }

  /** Resolves when all sources have ended; undefined where they have. */
  untilEnded(): Promise<void> | undefined {
    return this.living.size === 0 ? undefined : new Promise((resolve) => (this.onEnded = resolve));
  }
}
