import { injectable } from 'portal-ws';
import { Primary } from './primary';

export interface Count {
  /** What this process has counted since it started. */
  readonly own: number;
  /** What all have, those too that have ended. */
  readonly total: number;
}

@injectable()
export class Counter {
  private own = 0;

  constructor(private readonly primary: Primary) {}

  /** @throws PortalError `no_primary` */
  async add(by: number): Promise<Count> {
    const total = await this.primary.count(by);
    this.own += by;
    return { own: this.own, total };
  }
}
