import { ForbiddenError, Refusal } from '../engine';
import type { Context, Guard } from './context';
import { isThenable } from './thenable';

/** Asks each guard in turn. Undefined when all let it pass at once. @throws the refusal of the first that does not */
export function admit(guards: readonly Guard[], context: Context, from = 0): Promise<void> | undefined {
  for (let index = from; index < guards.length; index++) {
    const verdict = guards[index]!.canActivate(context) as unknown;
    if (isThenable(verdict)) {
      return Promise.resolve(verdict).then((late) => {
        check(late);
        return admit(guards, context, index + 1);
      });
    }
    check(verdict);
  }
  return undefined;
}

function check(verdict: unknown): void {
  if (verdict instanceof Refusal) throw verdict;
  if (verdict !== true) throw new ForbiddenError();
}
