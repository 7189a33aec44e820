import type { DependencyContainer, InjectionToken } from 'tsyringe';
import type { Scope } from '../binding';
import { Connection } from '../connection';
import { classNameOf } from '../messages';

interface Disposable {
  dispose(): Promise<void> | void;
}

/** A child container for one connection, which can be injected into what is made in it. */
export class ConnectionScope implements Scope {
  private readonly child: DependencyContainer;

  constructor(
    parent: DependencyContainer,
    private readonly connection: Connection,
    private readonly fail: (error: unknown, where: string, connection: Connection) => void,
  ) {
    this.child = parent.createChildContainer();
    this.child.register(Connection, { useValue: connection });
  }

  resolve(token: InjectionToken): unknown {
    return this.child.resolve(token);
  }

  async dispose(): Promise<void> {
    for (const disposable of this.made()) {
      try {
        await disposable.dispose();
      } catch (error) {
        this.fail(error, `${classNameOf(disposable)}.dispose`, this.connection);
      }
    }
  }

  /**
   * What tsyringe's own `dispose` goes through, which skips the rest when one of them throws at once
   * (microsoft/tsyringe `dependency-container.ts`). The latest first, since it may need the earlier ones.
   */
  private made(): Disposable[] {
    const { disposables } = this.child as unknown as { disposables?: Set<Disposable> };
    return disposables === undefined ? [this.child] : [...disposables].reverse();
  }
}
