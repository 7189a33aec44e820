import { isGivenUp } from './cancelled';
import { PortalError } from '../messages';

/**
 * Returns a promise of the same outcome. Nobody need handle a rejection that a client can bring about, such as a wrong
 * name, a refusal, or its leaving; other unhandled rejections are faults and end the process, as usual.
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
