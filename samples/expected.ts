import { ListenError } from 'portal-ws';

/** Errors that need no stack: a port that is taken or invalid, a secret that is too short. */
export function isExpected(error: unknown): error is Error {
  if (error instanceof ListenError || error instanceof RangeError) return true;
  return error instanceof Error && 'syscall' in error;
}
