import { atEndOfTurn } from './turns';

/** A queue that gathers bytes before it writes them. */
export interface Flushable {
  flush(): void;
}

/** Flushes each queue once for all that was sent in one turn: at the end of the microtask queue. */
export class Flusher {
  private waiting: Flushable[] = [];
  private readonly run = (): void => {
    const queues = this.waiting;
    this.waiting = [];
    for (const queue of queues) queue.flush();
  };

  add(queue: Flushable): void {
    if (this.waiting.push(queue) === 1) atEndOfTurn(this.run);
  }
}
