import type { IncomingStream } from './message-stream';

/** A message of a peer: whole, or while it arrives. */
export type Message = string | Buffer | IncomingStream;
