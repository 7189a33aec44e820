import { setMaxListeners } from 'node:events';
import { callUser } from '../messages';

type Listener = ((event: Event) => unknown) | { handleEvent(event: Event): unknown };

/** Who is told of what listeners throw. */
const reports = new WeakMap<AbortSignal, (error: unknown) => void>();
const contained = new WeakMap<Listener, (event: Event) => void>();

/**
 * The same signal, whose listeners may throw or reject: Node would let that end the process. It does for listeners of signals that are
 * made of this one, such as by `AbortSignal.any`.
 */
export function containSignal(signal: AbortSignal, failed: (error: unknown) => void): AbortSignal {
  reports.set(signal, failed);
  // every handler at work may listen to it
  setMaxListeners(0, signal);
  return Object.setPrototypeOf(signal, ContainedSignal.prototype) as AbortSignal;
}

/** Never constructed. `onabort` is contained too: Node sets it with `addEventListener`. */
class ContainedSignal extends AbortSignal {
  override addEventListener(type: string, listener: Listener | null, options?: boolean | object): void {
    super.addEventListener(type, containedOf(listener), options);
  }

  override removeEventListener(type: string, listener: Listener | null, options?: boolean | object): void {
    super.removeEventListener(type, containedOf(listener), options);
  }
}

/** One for each listener, so that it is found again when it is taken away. */
function containedOf(listener: Listener | null): (event: Event) => void {
  // what is no listener at all Node judges
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
