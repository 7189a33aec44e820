import type { Socket } from 'node:net';
import type { Deadlines } from './deadlines';

/** What the first bytes of a connection say: not enough yet, nothing that is served, or where to go on without how many. */
export type FirstBytes = 'more' | 'invalid' | { readonly taken: number; readonly next: (socket: Socket) => void };

/**
 * Reads the first bytes of a connection until `judge` knows what to do with it, and puts back what it does not take. A
 * connection that takes longer than `timeoutMs`, or says something else, is cut.
 */
export function readFirstBytes(
  socket: Socket,
  judge: (bytes: Buffer) => FirstBytes,
  deadlines: Deadlines,
  timeoutMs: number,
): void {
  let bytes: Buffer = Buffer.alloc(0);
  const cancel = deadlines.set(timeoutMs, () => socket.destroy());
  const onReadable = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const verdict = judge(bytes);
    if (verdict === 'more') return;
    cancel();
    socket.off('readable', onReadable);
    if (verdict === 'invalid') {
      socket.destroy();
      return;
    }
    if (verdict.taken < bytes.length) socket.unshift(bytes.subarray(verdict.taken));
    verdict.next(socket);
  };
  socket.on('error', ignore);
  socket.on('close', cancel);
  socket.on('end', () => socket.end());
  socket.on('readable', onReadable);
}

/** One for all. */
function ignore(): void {}
