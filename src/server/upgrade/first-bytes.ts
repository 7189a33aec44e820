import type { Socket } from 'node:net';
import type { Deadlines } from '../../messages';

/** The verdict on the first bytes: more are needed, nothing here serves them, or `next` serves the rest after `taken` bytes. */
export type FirstBytes = 'more' | 'invalid' | { readonly taken: number; readonly next: (socket: Socket) => void };

/**
 * Reads the first bytes of a connection until `judge` has a verdict, and puts back the bytes that are not taken. A connection is
 * cut when its bytes are invalid, when it ends, and when it takes longer than `timeoutMs`.
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

/** `close` follows the error. */
function ignore(): void {}
