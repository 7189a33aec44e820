import { atEndOfTurn } from './turns';

/** Something that gathers what it is to write. */
export interface Flushable {
  flush(): void;
}

/** Lets queues write once for all that was sent in one turn, whoever sent it: at the end of the microtask queue. */
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
