const WRAPPING = 'Cannot inject the dependency ';

/**
 * Finds what a constructor or a factory threw. tsyringe throws an error of its own for each who needed what could not be made, and keeps
 * the message alone (microsoft/tsyringe `error-helpers.ts`); of what is no error, not even that.
 */
export class Thrown {
  /** What was thrown last, and may come back as tsyringe's. */
  private latest: unknown;

  /** Lets a resolution throw what its users' code threw. `isInner`: tsyringe asked for it, and will catch that. */
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

/** Stands for what tsyringe could not take for an error. */
class Carrier extends Error {
  constructor(readonly thrown: unknown) {
    super('what was thrown is no error');
  }
}

function hasMessage(error: unknown): error is { readonly message: string } {
  return typeof (Object(error) as { message?: unknown }).message === 'string';
}
