import { PortalError } from 'portal-ws';
import type { FromPrimary, FromWorker } from './messages';

interface Waiting {
  resolve(total: number): void;
  reject(error: Error): void;
}

/** The process that started this one, as a worker sees it. */
export class Primary {
  /** Resolves when the primary tells the worker to stop, or has gone. */
  readonly stop: Promise<void>;
  private readonly waiting = new Map<number, Waiting>();
  private lastId = 0;

  constructor() {
    if (process.send === undefined) throw new RangeError('a worker is started by the primary: run main.js');
    this.stop = new Promise((resolve) => {
      process.on('message', (message: FromPrimary) => {
        if (message.kind === 'stop') resolve();
        else this.settle(message.id, ({ resolve }) => resolve(message.total));
      });
      process.once('disconnect', () => {
        for (const id of this.waiting.keys()) this.settle(id, ({ reject }) => reject(gone()));
        resolve();
      });
    });
  }

  /** Adds to the sum of all workers, and resolves with it. @throws PortalError `no_primary` */
  count(by: number): Promise<number> {
    const id = ++this.lastId;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject });
      this.send({ kind: 'count', id, by }, () => this.settle(id, ({ reject }) => reject(gone())));
    });
  }

  serving(url: string, port: number): void {
    this.send({ kind: 'serving', url, port });
  }

  /** Lets the process end: the channel to the primary no longer keeps it alive. */
  leave(): void {
    if (process.connected) process.disconnect();
  }

  private send(message: FromWorker, failed: () => void = () => {}): void {
    process.send!(message, undefined, undefined, (error) => {
      if (error !== null) failed();
    });
  }

  private settle(id: number, how: (waiting: Waiting) => void): void {
    const waiting = this.waiting.get(id);
    this.waiting.delete(id);
    if (waiting !== undefined) how(waiting);
  }
}

function gone(): PortalError {
  return new PortalError('no_primary', 'The process that keeps the sum has gone.');
}
