import type { Connection } from '../connection';
import type { Constructor } from '../decorators';
import type { Resolver, Scope } from './resolver';

interface Living {
  readonly scope: Scope;
  readonly instance: object;
}

/** The instances of a controller with scope `connection`. */
export class ConnectionInstances {
  private readonly living = new WeakMap<Connection, Living>();
  /** Connections whose instance could not be made. */
  private readonly failed = new WeakSet<Connection>();
  private readonly released = new WeakSet<Connection>();

  constructor(
    private readonly controller: Constructor,
    private readonly resolver: Resolver,
  ) {}

  /** The instance of a connection, made at the first call. @throws the error of its constructor */
  readonly of = (connection: Connection): object => this.living.get(connection)?.instance ?? this.make(connection);

  has(connection: Connection): boolean {
    return this.living.has(connection);
  }

  hasFailed(connection: Connection): boolean {
    return this.failed.has(connection);
  }

  resolve(connection: Connection, token: unknown): unknown {
    this.of(connection);
    return this.living.get(connection)!.scope.resolve(token as never);
  }

  /** Disposes of all instances that were made for the connection. */
  async release(connection: Connection): Promise<void> {
    this.released.add(connection);
    await this.living.get(connection)?.scope.dispose();
  }

  private make(connection: Connection): object {
    const scope = this.resolver.openScope(connection);
    try {
      const instance = scope.resolve(this.controller as never) as object;
      this.living.set(connection, { scope, instance });
      this.failed.delete(connection);
      // a guard that took longer than its upgrade
      if (this.released.has(connection)) void scope.dispose();
      return instance;
    } catch (error) {
      this.failed.add(connection);
      void scope.dispose();
      throw error;
    }
  }
}
