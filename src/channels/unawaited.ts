import { ConnectionClosedError, PortalError } from '../engine';
import { ChannelError } from './channel-name';

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
  return error instanceof ChannelError || error instanceof PortalError || error instanceof ConnectionClosedError;
}
