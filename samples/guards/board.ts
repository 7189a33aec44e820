import type { Connection } from 'portal-ws';

export interface Notice {
  readonly id: number;
  readonly author: string;
  readonly text: string;
}

/** An error of the board, which knows nothing of error replies; a filter translates it. */
export class NoSuchNoticeError extends Error {
  override readonly name = 'NoSuchNoticeError';

  constructor(readonly id: number) {
    super(`there is no notice ${id}`);
  }
}

export const MAX_NOTICES = 100;

/** The notices, and the connections that are told of new ones. */
export class Board {
  private readonly byId = new Map<number, Notice>();
  private readonly readers = new Set<Connection>();
  private count = 0;

  /** The number of connections that are told. */
  get audience(): number {
    return this.readers.size;
  }

  list(): Notice[] {
    return [...this.byId.values()];
  }

  /** Adds a notice, and drops the oldest if there are too many. */
  post(author: string, text: string): Notice {
    const notice: Notice = { id: ++this.count, author, text };
    this.byId.set(notice.id, notice);
    if (this.byId.size > MAX_NOTICES) this.byId.delete(this.byId.keys().next().value!);
    this.tell('notices.posted', notice);
    return notice;
  }

  /** @throws NoSuchNoticeError */
  remove(id: number): void {
    if (!this.byId.delete(id)) throw new NoSuchNoticeError(id);
    this.tell('notices.removed', { id });
  }

  enter(reader: Connection): void {
    this.readers.add(reader);
  }

  leave(reader: Connection): void {
    this.readers.delete(reader);
  }

  private tell(event: string, data: unknown): void {
    for (const reader of this.readers) reader.emit(event, data);
  }
}
