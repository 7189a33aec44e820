import { Fifo } from './fifo';
import { type Piece, Pieces } from './pieces';

/** A data frame that is still being made; frames that are sent after it wait for it. */
export class PendingFrame {
  bytes: Uint8Array | undefined;

  /** `reserved`: bytes that count as waiting until the frame is made. */
  constructor(
    readonly held: HeldFrames,
    readonly reserved: number,
  ) {}
}

/** Frames that wait, in order, for the end of a message in fragments (RFC 6455 5.4), or for a frame that is still being made. */
export class HeldFrames {
  bytes = 0;
  /** A message in fragments has begun and not ended. */
  inFragments = false;
  private readonly frames = new Fifo<Pieces | PendingFrame>();

  get isEmpty(): boolean {
    return this.frames.length === 0;
  }

  /** Adds a frame in one piece or two. */
  add(first: Piece, second: Piece | undefined): void {
    let { last } = this.frames;
    if (!(last instanceof Pieces)) this.frames.push((last = new Pieces()));
    last.add(first);
    if (second !== undefined) last.add(second);
    this.bytes += first.length + (second === undefined ? 0 : second.length);
  }

  /** Keeps the place of a frame that is made later. */
  reserve(size: number): PendingFrame {
    const pending = new PendingFrame(this, size);
    this.frames.push(pending);
    this.bytes += size;
    return pending;
  }

  settle(pending: PendingFrame, bytes: Uint8Array): void {
    pending.bytes = bytes;
    this.bytes += bytes.length - pending.reserved;
  }

  /** Takes out frames up to the next pending frame. Undefined where the first frame is pending, or there is none. */
  takeReady(): readonly Piece[] | undefined {
    const { first } = this.frames;
    if (first === undefined || (first instanceof PendingFrame && first.bytes === undefined)) return undefined;
    this.frames.shift();
    const ready = first instanceof PendingFrame ? [first.bytes!] : first.take();
    for (const { length } of ready) this.bytes -= length;
    return ready;
  }

  /** Forgets all frames. */
  drop(): void {
    for (const frames of this.frames.clear()) if (frames instanceof Pieces) frames.drop();
  }
}
