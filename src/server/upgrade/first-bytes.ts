import type { Socket } from 'node:net';
import type { Deadlines } from '../../messages';

/** What the first bytes of a connection say: not enough yet, nothing that is served, or where to go on without how many. */
export type FirstBytes = 'more' | 'invalid' | { readonly taken: number; readonly next: (socket: Socket) => void };

/**
 * Reads the first bytes of a connection until `judge` knows what to do with it, and puts back what it does not take. A
 * connection that takes longer than `timeoutMs`, says something else, or ends before that, is cut.
 */
export function readFirstBytes(
  socket: Socket,
  judge: (bytes: Buffer) => FirstBytes,
  deadlines: Deadlines,
  timeoutMs: number,
): void {
  let bytes: Buffer = Buffer.alloc(0);
  const cut = (): void => void socket.destroy();
  const cancel = deadlines.set(timeoutMs, cut);
  const onReadable = (): void => {
    const chunk = socket.read() as Buffer | null;
    if (chunk === null) return;
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const verdict = judge(bytes);
    if (verdict === 'more') return;
    leave();
    if (verdict === 'invalid') {
      cut();
      return;
    }
    if (verdict.taken < bytes.length) socket.unshift(bytes.subarray(verdict.taken));
    verdict.next(socket);
    socket.off('error', ignore);
  };
  const leave = (): void => {
    cancel();
    socket.off('close', cancel).off('end', cut).off('readable', onReadable);
  };
  socket.on('error', ignore).on('close', cancel).on('end', cut).on('readable', onReadable);
}

/** It ends in `close`. */
function ignore(): void {}
