import { setMaxListeners } from 'node:events';
import { callUser } from '../messages';

type Listener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown };

/** Functions that hear what listeners of a signal throw. */
const reports = new WeakMap<AbortSignal, (error: unknown) => void>();
const contained = new WeakMap<Listener, (event: Event) => void>();

/**
 * Makes a signal whose listeners may throw or reject, which otherwise ends the process. Listeners of signals derived
 * from it, as by `AbortSignal.any`, are not covered.
 */
export function containSignal(signal: AbortSignal, failed: (error: unknown) => void): AbortSignal {
  reports.set(signal, failed);
  // every handler at work may listen to it
  setMaxListeners(0, signal);
  return Object.setPrototypeOf(signal, ContainedSignal.prototype) as AbortSignal;
}

/** The prototype of contained signals; it is never constructed. Node sets `onabort` with `addEventListener`. */
class ContainedSignal extends AbortSignal {
  override addEventListener(type: string, listener: Listener | null, options?: boolean | object): void {
    super.addEventListener(type, containedOf(listener), options);
  }

  override removeEventListener(type: string, listener: Listener | null, options?: boolean | object): void {
    super.removeEventListener(type, containedOf(listener), options);
  }
}

/** The contained form of a listener: always the same one, so that it can be removed. */
function containedOf(listener: Listener | null): (event: Event) => void {
  // Node judges values that are no listeners
  if (listener === null || (typeof listener !== 'function' && typeof listener !== 'object')) return listener as never;
  let made = contained.get(listener);
  if (made === undefined) {
    made = function (this: AbortSignal, event) {
      callUser(
        () => (typeof listener === 'function' ? listener.call(this, event) : listener.handleEvent(event)),
        (error) => reports.get(this)?.(error),
      );
    };
    contained.set(listener, made);
  }
  return made;
}
