import type { Issue } from '../../src';
import { PortalError } from '../../src/engine';
import type { Check } from '../../src/validation/type-check';

/** The value that a check returns, or the issues for which it refuses one. Other errors are rethrown. */
export async function outcomeOf(check: Check, value: unknown): Promise<{ value: unknown } | { issues: Issue[] }> {
  try {
    return { value: await check(value) };
  } catch (error) {
    if (error instanceof PortalError && error.code === 'validation_failed') return { issues: error.details as Issue[] };
    throw error;
  }
}

/** The issues for which a check refuses a value. */
export async function issuesOf(check: Check, value: unknown): Promise<Issue[]> {
  const outcome = await outcomeOf(check, value);
  if ('issues' in outcome) return outcome.issues;
  throw new Error(`the check let ${JSON.stringify(outcome.value)} through`);
}
