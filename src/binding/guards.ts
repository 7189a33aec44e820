import { ForbiddenError, isThenable } from '../messages';
import { Refusal } from '../handshake';
import type { Context, Guard } from '../decorators';

/** Calls that a guard refused. */
const refused = new WeakSet<Context>();

/** True for a call that a guard refused, by its answer or an error. */
export function wasRefused(context: Context): boolean {
  return refused.has(context);
}

/** Asks each guard in turn. Returns `undefined` where all let the call pass at once. @throws the refusal of the first that does not */
export function admit(guards: readonly Guard[], context: Context, from = 0): Promise<void> | undefined {
  try {
    for (let index = from; index < guards.length; index++) {
      const verdict = guards[index]!.canActivate(context) as unknown;
      if (isThenable(verdict)) return admitLater(verdict, guards, context, index + 1);
      check(verdict);
    }
  } catch (error) {
    refused.add(context);
    throw error;
  }
  return undefined;
}

async function admitLater(
  verdict: PromiseLike<unknown>,
  guards: readonly Guard[],
  context: Context,
  next: number,
): Promise<void> {
  try {
    check(await verdict);
  } catch (error) {
    refused.add(context);
    throw error;
  }
  await admit(guards, context, next);
}

function check(verdict: unknown): void {
  if (verdict instanceof Refusal) throw verdict;
  if (verdict !== true) throw new ForbiddenError();
}
