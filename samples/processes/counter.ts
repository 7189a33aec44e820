import { injectable } from 'portal-ws';
import { Primary } from './primary';

export interface Count {
  /** The count of this process since it started. */
  readonly own: number;
  /** The count of all processes, ended ones too. */
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
