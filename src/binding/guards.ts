import { ForbiddenError } from '../messages';
import { Refusal } from '../handshake';
import { isThenable } from '../messages';
import type { Context, Guard } from '../decorators';

/** Calls that a guard did not let pass. */
const refused = new WeakSet<Context>();

/** Whether it was a guard that failed, or did not let a call pass. */
export function wasRefused(context: Context): boolean {
  return refused.has(context);
}

/** Asks each guard in turn. Undefined when all let it pass at once. @throws the refusal of the first that does not */
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
