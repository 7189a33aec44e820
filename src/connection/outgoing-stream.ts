import { FIN, Opcode } from '../protocol';
import { bytesOf, type Bytes } from './bytes';

export type Chunk = string | Bytes;
export type Chunks = Iterable<Chunk> | AsyncIterable<Chunk> | ReadableStream<Chunk>;

/** Dependencies of `sendFragments`. */
export interface FragmentSender {
  readonly signal: AbortSignal;
  /** Sends one frame. `first`: its first byte. */
  sendFragment(first: number, payload: Uint8Array): void;
  /** Resolves when the peer has room for the next fragment, or the connection is closed. */
  roomForFragment(): Promise<void>;
}

/**
 * Sends one message in fragments (RFC 6455 5.4), each chunk as it comes: as text or binary, by its first chunk. Ends
 * early when the connection closes, which ends the source.
 * @throws what the source throws
 * @throws TypeError for a chunk that is neither text nor bytes, or not like the first
 */
export async function sendFragments(sender: FragmentSender, chunks: AsyncIterable<Chunk>): Promise<void> {
  let opcode: number = Opcode.Continuation;
  let isText: boolean | undefined;
  // half of a character at the end of a string goes with the next string
  let half = '';
  const send = (payload: Uint8Array): void => {
    sender.sendFragment(opcode, payload);
    opcode = Opcode.Continuation;
  };
  for await (const chunk of chunks) {
    if (isText === undefined) {
      isText = typeof chunk === 'string';
      opcode = isText ? Opcode.Text : Opcode.Binary;
    }
    let bytes: Uint8Array;
    if (typeof chunk === 'string' && isText) {
      const text = half + chunk;
      half = endsInsideCharacter(text) ? text.slice(-1) : '';
      bytes = Buffer.from(half === '' ? text : text.slice(0, -1));
    } else {
      const chunkBytes = isText ? undefined : bytesOf(chunk);
      if (chunkBytes === undefined) throw new TypeError('the chunks of one message are all strings, or all bytes');
      bytes = chunkBytes;
    }
    if (bytes.length === 0) continue;
    send(bytes);
    await sender.roomForFragment();
  }
  if (sender.signal.aborted) return;
  if (isText === undefined) opcode = Opcode.Binary;
  sender.sendFragment(FIN | opcode, Buffer.from(half));
}

/** True where the last unit is the first of a surrogate pair. */
function endsInsideCharacter(text: string): boolean {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff;
}
