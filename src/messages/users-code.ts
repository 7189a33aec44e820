/** True for a value that must be awaited. @throws the error of a getter named `then` */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const mayBe = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return mayBe && typeof (value as Partial<PromiseLike<unknown>>).then === 'function';
}

/** Calls a function of the user's that nobody waits for. `failed` gets its error, or that of its promise. */
export function callUser(call: () => unknown, failed: (error: unknown) => void): void {
  try {
    const value = call();
    if (value !== undefined) takeRejection(value, failed);
  } catch (error) {
    failed(error);
  }
}

/** Passes the rejection of a value that nobody waits for to `failed`. */
export function takeRejection(value: unknown, failed: (error: unknown) => void): void {
  try {
    if (isThenable(value)) Promise.resolve(value).then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}

/** A thrown value as an error. For a promise it is a `TypeError`, and `failed` gets the rejection, which is the error that was meant. */
export function errorThrown(thrown: unknown, failed: (error: unknown) => void): unknown {
  try {
    if (!isThenable(thrown)) return thrown;
  } catch {
    return thrown;
  }
  takeRejection(thrown, failed);
  return new TypeError('a promise was thrown, which is no error: await it');
}

/** The name of an object's class, for the log. An object may have no prototype, or one that throws. */
export function classNameOf(value: unknown): string {
  try {
    const name: unknown = (value as { constructor?: Function }).constructor?.name;
    if (typeof name === 'string' && name !== '') return name;
  } catch {
    // then it has none
  }
  return 'Object';
}
