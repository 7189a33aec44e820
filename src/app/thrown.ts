const WRAPPING = 'Cannot inject the dependency ';

/**
 * Finds the error of a constructor or a factory. tsyringe wraps it into an error of its own for each class that needed the instance, and keeps
 * the message alone (microsoft/tsyringe `error-helpers.ts`); of a thrown value that is no error, not even that.
 */
export class Thrown {
  /** The last error, which tsyringe may wrap into its own. */
  private latest: unknown;

  /** Lets a resolution throw the error of users' code. `isInner` is true for a call of tsyringe's own, which catches that error. */
  restore<Value>(isInner: boolean, resolve: () => Value): Value {
    try {
      return resolve();
    } catch (error) {
      this.latest = this.originalOf(error);
      throw isInner && !hasMessage(this.latest) ? new Carrier(this.latest) : this.latest;
    }
  }

  private originalOf(error: unknown): unknown {
    if (error instanceof Carrier) return error.thrown;
    return this.isWrapped(error) ? this.latest : error;
  }

  private isWrapped(error: unknown): boolean {
    if (!hasMessage(error) || !error.message.startsWith(WRAPPING)) return false;
    const { message } = hasMessage(this.latest) ? this.latest : new Carrier(this.latest);
    return error.message.endsWith(message.split('\n').at(-1)!);
  }
}

/** Carries a thrown value that is no error through tsyringe. */
class Carrier extends Error {
  constructor(readonly thrown: unknown) {
    super('what was thrown is no error');
  }
}

function hasMessage(error: unknown): error is { readonly message: string } {
  return typeof (Object(error) as { message?: unknown }).message === 'string';
}
