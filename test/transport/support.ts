import { LargePayload } from '../../src/transport/large-payload';
import type { Piece } from '../../src/transport/pieces';

/** The bytes of pieces, as they would be written. */
export function joined(pieces: readonly Piece[]): Buffer {
  return Buffer.concat(pieces.map((piece) => (piece instanceof LargePayload ? piece.toBytes() : piece)));
}
