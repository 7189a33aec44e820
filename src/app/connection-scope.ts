import type { DependencyContainer, InjectionToken } from 'tsyringe';
import type { Scope } from '../binding';
import { Connection } from '../connection';
import { classNameOf } from '../messages';

interface Disposable {
  dispose(): Promise<void> | void;
}

/** A child container for one connection. Instances made there can have the `Connection` injected. */
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
   * The instances that tsyringe's own `dispose` would end, the latest first, since it may need earlier ones. That `dispose` skips the rest
   * after an error (microsoft/tsyringe `dependency-container.ts`).
   */
  private made(): Disposable[] {
    const { disposables } = this.child as unknown as { disposables?: Set<Disposable> };
    return disposables === undefined ? [this.child] : [...disposables].reverse();
  }
}
