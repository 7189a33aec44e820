import { isGivenUp } from './cancelled';
import { PortalError } from '../messages';

/**
 * The same outcome, but a rejection that a client can bring about (a name, a refusal, its leaving) does not end the process where
 * nobody waits for the promise. Node ends it for all others, which are faults.
 */
export function unawaited<Value>(work: Promise<Value>): Promise<Value> {
  const outcome = new Promise<Value>((resolve, reject) => {
    work.then(resolve, (error: Error) => {
      if (isOfClients(error)) outcome.catch(() => undefined);
      reject(error);
    });
  });
  return outcome;
}

function isOfClients(error: unknown): boolean {
  if (error instanceof PortalError || isGivenUp(error)) return true;
  // one about a channel's name
  return error instanceof TypeError && (error as { code?: unknown }).code === 'validation_failed';
}
