import { ListenError } from 'portal-ws';

/** A port that is taken or none, a secret that is too short: one line says it all. */
export function isExpected(error: unknown): error is Error {
  if (error instanceof ListenError || error instanceof RangeError) return true;
  return error instanceof Error && 'syscall' in error;
}
