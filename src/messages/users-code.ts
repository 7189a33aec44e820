/** Whether a value must be awaited. @throws what a getter of its `then` throws */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const mayBe = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return mayBe && typeof (value as Partial<PromiseLike<unknown>>).then === 'function';
}

/** Calls a function of the user's that nobody waits for. `failed` is told of what it throws, and of what its promise rejects with. */
export function callUser(call: () => unknown, failed: (error: unknown) => void): void {
  try {
    const value = call();
    if (value !== undefined) takeRejection(value, failed);
  } catch (error) {
    failed(error);
  }
}

/** Nobody waits for a value: `failed` is told where it is a promise that rejects, or says that it is one and fails. */
export function takeRejection(value: unknown, failed: (error: unknown) => void): void {
  try {
    if (isThenable(value)) Promise.resolve(value).then(undefined, failed);
  } catch (error) {
    failed(error);
  }
}

/** What was thrown, as an error: a promise is none. `failed` is told of what that rejects with, which is the error that was meant. */
export function errorThrown(thrown: unknown, failed: (error: unknown) => void): unknown {
  try {
    if (!isThenable(thrown)) return thrown;
  } catch {
    return thrown;
  }
  takeRejection(thrown, failed);
  return new TypeError('a promise was thrown, which is no error: await it');
}

/** The name of an object's class, for the log: it may have no prototype, or one that fails. */
export function classNameOf(value: unknown): string {
  try {
    const name: unknown = (value as { constructor?: Function }).constructor?.name;
    if (typeof name === 'string' && name !== '') return name;
  } catch {
    // then it has none
  }
  return 'Object';
}
